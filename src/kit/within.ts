import type { Clock } from './clock.js';

/**
 * Waits for `work`, but no longer than `ms` milliseconds.
 * @returns whether it has ended by then; otherwise it goes on, and how it ends nobody learns
 * @throws what `work` throws in time
 */
export function endsWithin(clock: Pick<Clock, 'after'>, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => resolve(false));
    work.then(
      () => {
        timer.cancel();
        resolve(true);
      },
      (thrown: unknown) => {
        timer.cancel();
        reject(thrown);
      },
    );
  });
}
