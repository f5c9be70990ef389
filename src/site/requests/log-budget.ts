import type { Clock, MonotonicMs } from '../../kit/clock.js';

/** Lines in one window; a client that sends rubbish must not fill the disk with warnings. */
const LINES = 20;
const WINDOW_MS = 60_000;

/** How many lines may still be written; the rest is counted. */
export class LogBudget {
  readonly #clock: Clock;
  #began: MonotonicMs | undefined;
  #used = 0;
  #left = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns undefined: keep silent; otherwise how many lines were left out before this one. */
  take(): number | undefined {
    const now = this.#clock.monotonic();
    if (this.#began === undefined || now - this.#began >= WINDOW_MS) {
      this.#began = now;
      this.#used = 0;
    }
    if (this.#used >= LINES) {
      this.#left++;
      return undefined;
    }
    this.#used++;
    const left = this.#left;
    this.#left = 0;
    return left;
  }
}
