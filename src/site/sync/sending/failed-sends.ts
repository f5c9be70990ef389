import type { Clock, Timer } from '../../../kit/clock.js';
import { pauseMs, type RetryPlan } from '../../../kit/retry.js';
import type { Outgoing } from './outgoing.js';

/** Ever more seldom: a broker that is late must not get ever more to do. */
export const PAUSES: RetryPlan = { firstMs: 5_000, factor: 2, maxMs: 60_000, jitter: 0.5 };
/** Somebody waits for a change that was made here. */
const CHANGE_MS = 5_000;

/** Records that could not be sent. They are sent again, and nothing else: to read everything anew would keep a slow broker from ever being done. */
export class FailedSends {
  readonly #clock: Clock;
  readonly #outgoing: Pick<Outgoing, 'pause' | 'resume'>;
  readonly #again: (id: string) => void;
  readonly #ids = new Set<string>();
  /** Those of them that were changed here. */
  readonly #changes = new Set<string>();
  #attempt = 0;
  #timer: Timer | undefined;
  #changeTimer: Timer | undefined;

  /** @param outgoing pauses meanwhile @param again sends a record once more */
  constructor(clock: Clock, outgoing: Pick<Outgoing, 'pause' | 'resume'>, again: (id: string) => void) {
    this.#clock = clock;
    this.#outgoing = outgoing;
    this.#again = again;
  }

  /** Whether all was sent. */
  get none(): boolean {
    return this.#ids.size === 0;
  }

  add(id: string, isChange: boolean): void {
    this.#ids.add(id);
    this.#outgoing.pause();
    if (isChange) {
      this.#changes.add(id);
      this.#changeTimer ??= this.#clock.after(CHANGE_MS, () => {
        this.#changeTimer = undefined;
        for (const one of [...this.#changes]) this.#again(one);
      });
    }
    this.#timer ??= this.#clock.after(pauseMs(PAUSES, this.#attempt++, Math.random()), () => {
      this.#timer = undefined;
      this.#outgoing.resume();
      for (const one of [...this.#ids]) this.#again(one);
    });
  }

  /** It was sent, or need not be sent any more. With the last one the others go on: whoever calls sends them. */
  done(id: string): void {
    this.#changes.delete(id);
    if (this.#ids.delete(id) && this.none) this.clear();
  }

  /** Nothing is to be sent again: no timer is left that would let the others go on, so they go on here. */
  clear(): void {
    this.#outgoing.resume();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#changeTimer?.cancel();
    this.#changeTimer = undefined;
    this.#changes.clear();
    this.#ids.clear();
    this.#attempt = 0;
  }
}
