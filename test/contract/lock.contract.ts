import { describe, expect, test } from 'vitest';
import type { Lock } from '../../src/door/lock.js';

/** A lock, and the state of its bolt. */
export interface LockBench {
  readonly lock: Lock;
  /** Whether the bolt is released, read at the wire and not from the lock. */
  readonly released: () => boolean;
}

/** Every Lock, real or simulated, passes these. */
export function lockContract(name: string, make: () => LockBench): void {
  describe(`every lock: ${name}`, () => {
    test('is locked before the first command', () => {
      const { lock, released } = make();
      expect(released()).toBe(false);
      lock.close();
    });

    test('follows every command at once', () => {
      const { lock, released } = make();
      for (const command of [true, false, false, true, true, false]) {
        lock.drive(command);
        expect(released()).toBe(command);
      }
      lock.close();
    });

    test('close leaves the bolt locked, and may be called twice', () => {
      const { lock, released } = make();
      lock.drive(true);
      lock.close();
      expect(released()).toBe(false);
      lock.close();
      expect(released()).toBe(false);
    });

    test('close leaves the bolt as it was told to, whatever it was driven to', () => {
      const { lock, released } = make();
      lock.drive(true);
      lock.leaveAt(true);
      lock.close();
      expect(released()).toBe(true);
      lock.close();
      expect(released()).toBe(true);
    });

    test('told to leave it locked again, it does', () => {
      const { lock, released } = make();
      lock.leaveAt(true);
      expect(released()).toBe(false);
      lock.drive(true);
      lock.leaveAt(false);
      expect(released()).toBe(true);
      lock.close();
      expect(released()).toBe(false);
    });

    test('closed, it never releases the bolt again', () => {
      const { lock, released } = make();
      lock.close();
      expect(() => lock.drive(true)).toThrow();
      expect(released()).toBe(false);
    });
  });
}
