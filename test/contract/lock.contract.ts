import { describe, expect, test } from 'vitest';
import type { Lock } from '../../src/door/lock.js';

/** A lock, and what its wire says. */
export interface LockBench {
  readonly lock: Lock;
  /** Whether the bolt is drawn, read where the bolt hangs and not from the lock. */
  readonly drawn: () => boolean;
}

/** Every Lock, real or simulated, passes these. */
export function lockContract(name: string, make: () => LockBench): void {
  describe(`every lock: ${name}`, () => {
    test('is thrown before the first command', () => {
      const { lock, drawn } = make();
      expect(drawn()).toBe(false);
      lock.close();
    });

    test('follows every command at once', () => {
      const { lock, drawn } = make();
      for (const released of [true, false, false, true, true, false]) {
        lock.drive(released);
        expect(drawn()).toBe(released);
      }
      lock.close();
    });

    test('close leaves the bolt thrown, and may be called twice', () => {
      const { lock, drawn } = make();
      lock.drive(true);
      lock.close();
      expect(drawn()).toBe(false);
      lock.close();
      expect(drawn()).toBe(false);
    });

    test('closed, it never draws the bolt again', () => {
      const { lock, drawn } = make();
      lock.close();
      expect(() => lock.drive(true)).toThrow();
      expect(drawn()).toBe(false);
    });
  });
}
