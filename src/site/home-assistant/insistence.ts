import type { Clock, Timer } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { pauseMs, type RetryPlan } from '../../kit/retry.js';
import type { Link } from '../link/link.js';

/** A broker that refuses for its access list refuses for days. */
const PAUSES: RetryPlan = { firstMs: 5_000, factor: 2, maxMs: 300_000, jitter: 0.5 };

export interface InsistenceParts {
  readonly link: Pick<Link, 'up'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What is tried, as the beginning of a sentence: `the broker does not take homeassistant/…`. */
  readonly failing: string;
  readonly act: () => Promise<void>;
  /** A sentence for the state; undefined once it was done. */
  readonly onTrouble: (text: string | undefined) => void;
}

/** Does one thing at the broker, and again until it is done, while the broker is there. One try and one timer at a time. */
export class Insistence {
  readonly #parts: InsistenceParts;
  #attempt = 0;
  #timer: Timer | undefined;
  #busy = false;
  #again = false;
  #stopped = false;

  constructor(parts: InsistenceParts) {
    this.#parts = parts;
  }

  /** To be done now; while it is being done: once more afterwards. */
  begin(): void {
    this.#timer?.cancel();
    if (this.#busy) this.#again = true;
    else void this.#try();
  }

  /** Nothing is tried until the next {@link begin}. */
  pause(): void {
    this.#timer?.cancel();
    this.#again = false;
  }

  stop(): void {
    this.#stopped = true;
    this.pause();
  }

  async #try(): Promise<void> {
    const { link, clock, log, random, failing, act, onTrouble } = this.#parts;
    if (this.#stopped || !link.up) return;
    this.#busy = true;
    this.#again = false;
    try {
      await act();
      this.#attempt = 0;
      onTrouble(undefined);
    } catch (thrown) {
      if (link.up && !this.#stopped) {
        const why = `${failing}: ${explain(thrown)}`;
        if (this.#attempt === 0) log.warn({ err: explain(thrown) }, failing);
        onTrouble(why);
        this.#timer = clock.after(pauseMs(PAUSES, this.#attempt++, random()), () => void this.#try());
      }
    }
    this.#busy = false;
    if (this.#again) this.begin();
  }
}
