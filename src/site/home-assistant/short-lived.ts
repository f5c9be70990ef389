import type { Clock } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { LogBudget } from '../../kit/logging/log-budget.js';
import type { Link } from '../link/link.js';

/** Messages on their way at one time: the queue of the link is also that of answers and events. */
export const ON_THE_WAY_MAX = 8;

/** Publishes what is of use at this moment only, without retain: what cannot be sent now is dropped, not kept for later. */
export class ShortLived {
  readonly #link: Link;
  readonly #log: Log;
  readonly #budget: LogBudget;
  #onTheWay = 0;

  constructor({ link, clock, log }: { readonly link: Link; readonly clock: Clock; readonly log: Log }) {
    this.#link = link;
    this.#log = log;
    this.#budget = new LogBudget(clock);
  }

  /** Never throws and never waits. */
  publish(topic: string, payload: string | Uint8Array): void {
    if (this.#link.up && this.#onTheWay < ON_THE_WAY_MAX) void this.#send(topic, payload);
    else this.#warn({ topic }, 'Home Assistant was not told: the broker is away or does not keep up');
  }

  async #send(topic: string, payload: string | Uint8Array): Promise<void> {
    this.#onTheWay++;
    try {
      await this.#link.publish(topic, payload, { retain: false, qos: 1 });
    } catch (thrown) {
      this.#warn({ topic, err: explain(thrown) }, 'Home Assistant was not told');
    }
    this.#onTheWay--;
  }

  #warn(fields: object, sentence: string): void {
    const leftOut = this.#budget.take();
    if (leftOut !== undefined) this.#log.warn(leftOut > 0 ? { ...fields, leftOut } : fields, sentence);
  }
}
