import type { Clock, MonotonicMs } from '../clock.js';

/** Lines allowed in one window: a client that sends rubbish must not fill the disk with warnings. */
const LINES = 20;
const WINDOW_MS = 60_000;

/** Limits how many lines are logged; those left out are counted. */
export class LogBudget {
  readonly #clock: Clock;
  #began: MonotonicMs | undefined;
  #used = 0;
  #leftOut = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns how many lines were left out before this one; undefined: do not log this one. */
  take(): number | undefined {
    const now = this.#clock.monotonic();
    if (this.#began === undefined || now - this.#began >= WINDOW_MS) {
      this.#began = now;
      this.#used = 0;
    }
    if (this.#used >= LINES) {
      this.#leftOut++;
      return undefined;
    }
    this.#used++;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
