import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { iso, wallMs } from '../../src/kit/clock.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { systemClock } from '../../src/kit/system-clock.js';
import { clockContract } from '../contract/clock.contract.js';

clockContract('simulated', () => {
  const clock = new ManualClock();
  return { clock, pass: async (ms) => clock.advance(ms) };
});

clockContract("the machine's", () => ({
  clock: systemClock,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

describe('simulated time', () => {
  test('stands still until it is moved', () => {
    const clock = new ManualClock(wallMs(Date.UTC(2026, 0, 1)));
    expect([clock.monotonic(), iso(clock.wall())]).toEqual([0, '2026-01-01T00:00:00.000Z']);
    clock.advance(1500);
    expect([clock.monotonic(), iso(clock.wall())]).toEqual([1500, '2026-01-01T00:00:01.500Z']);
  });

  test('timers fire in the order of their time, each at its own time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 1000 }), { maxLength: 20 }),
        fc.array(fc.nat({ max: 400 })),
        (waits, steps) => {
          const clock = new ManualClock();
          const fired: [number, number][] = [];
          waits.forEach((wait, i) => {
            clock.after(wait, () => fired.push([clock.monotonic(), i]));
          });
          for (const step of steps) clock.advance(step);
          const end = clock.monotonic();
          const due = waits
            .map((wait, i): [number, number] => [wait, i])
            .filter(([wait]) => steps.length > 0 && wait <= end);
          expect(fired).toEqual(due.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
        },
      ),
    );
  });

  test('a timer that starts itself again fires as often as time allows', () => {
    const clock = new ManualClock();
    let ticks = 0;
    const tick = () => {
      ticks += 1;
      clock.after(250, tick);
    };
    clock.after(250, tick);
    clock.advance(1000);
    expect(ticks).toBe(4);
  });

  test('setting the wall clock does not change durations', () => {
    const clock = new ManualClock();
    const before = clock.wall();
    clock.jumpWall(-3_600_000);
    expect(clock.wall() - before).toBe(-3_600_000);
    expect(clock.monotonic()).toBe(0);
  });
});
