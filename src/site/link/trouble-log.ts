import type { Clock, MonotonicMs } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';

/** The same trouble is said again after this time, with how often it was left out. */
const AGAIN_MS = 10 * 60_000;

/** What is wrong with the broker, for the log: a new reason at once, one that stays once in ten minutes. */
export class TroubleLog {
  readonly #log: Log;
  readonly #clock: Clock;
  #last: string | undefined;
  #atMs: MonotonicMs | undefined;
  #leftOut = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The broker has greeted. */
  connected(protocol: string): void {
    const sentence = 'connected to the broker';
    if (this.#leftOut > 0) this.#log.debug({ protocol }, sentence);
    else this.#log.info({ protocol }, sentence);
  }

  /** A try to connect failed, or a connection was lost. */
  tell(why: string, pauseMs: number, wasUp: boolean): void {
    const now = this.#clock.monotonic();
    if (why === this.#last && this.#atMs !== undefined && now - this.#atMs < AGAIN_MS) {
      this.#leftOut++;
      return;
    }
    const fields = { why, pauseMs, ...(this.#leftOut > 0 && { leftOut: this.#leftOut }) };
    this.#log.warn(fields, wasUp ? 'lost the broker' : 'cannot reach the broker');
    this.#last = why;
    this.#atMs = now;
    this.#leftOut = 0;
  }
}
