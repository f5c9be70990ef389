import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/kit/clock.js';

/** A clock, and a way to let time pass on it. */
export interface ClockBench {
  readonly clock: Clock;
  readonly pass: (ms: number) => Promise<void>;
}

/** Every Clock, real or simulated, passes these. */
export function clockContract(name: string, make: () => ClockBench): void {
  describe(`every clock: ${name}`, () => {
    test('monotonic time never goes back', async () => {
      const { clock, pass } = make();
      const times = [clock.monotonic()];
      for (let i = 0; i < 3; i++) {
        await pass(1);
        times.push(clock.monotonic(), clock.monotonic());
      }
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });

    test('a timer fires once, not before it is due', async () => {
      const { clock, pass } = make();
      const start = clock.monotonic();
      const fired: number[] = [];
      const done = new Promise<void>((resolve) => {
        clock.after(5, () => {
          fired.push(clock.monotonic() - start);
          resolve();
        });
      });
      expect(fired).toEqual([]);
      await pass(20);
      await done;
      expect(fired).toHaveLength(1);
      // setTimeout counts whole milliseconds and may be up to one early.
      expect(fired[0]).toBeGreaterThanOrEqual(4);
    });

    test('a cancelled timer never fires, and may be cancelled twice', async () => {
      const { clock, pass } = make();
      let fired = false;
      const timer = clock.after(1, () => {
        fired = true;
      });
      timer.cancel();
      timer.cancel();
      await pass(10);
      expect(fired).toBe(false);
    });
  });
}
