import type { Clock, MonotonicMs, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Link } from './link/link.js';

/** At most twice a second, however often the value changes. */
const GAP_MS = 500;
const RETRY_MS = 5_000;

/** One retained message that always shows the newest value; sent again whenever the broker comes back, as it may have forgotten. */
export class RetainedTopic {
  readonly #topic: string;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #log: Log;
  #wanted: string | undefined;
  #dirty = false;
  #busy = false;
  #sentAt: MonotonicMs | undefined;
  #stopped = false;
  /** Whether it may be published on this connection. */
  #ready = false;
  #timer: Timer | undefined;

  constructor(topic: string, { link, clock, log }: { readonly link: Link; readonly clock: Clock; readonly log: Log }) {
    this.#topic = topic;
    this.#link = link;
    this.#clock = clock;
    this.#log = log;
  }

  /** Publishes a new value, soon; the same value is not published again. */
  set(payload: string): void {
    if (this.#stopped || payload === this.#wanted) return;
    this.#wanted = payload;
    this.#dirty = true;
    this.#sendIfDue();
  }

  /** The broker is connected, and whatever is to come before is done: publishes the value, also one that was published before. */
  up(): void {
    this.#ready = true;
    this.#dirty = this.#wanted !== undefined;
    this.#sentAt = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sendIfDue();
  }

  /** The broker is away: nothing is published until {@link up}. */
  down(): void {
    this.#ready = false;
  }

  /** Publishes nothing from here on: what leaves the topic behind may be published by somebody else. */
  stop(): void {
    this.#stopped = true;
    this.#dirty = false;
    this.#wanted = undefined;
    this.#timer?.cancel();
  }

  #sendIfDue(): void {
    if (!this.#ready || !this.#link.up || this.#busy || this.#timer || !this.#dirty || this.#wanted === undefined)
      return;
    const wait = this.#sentAt === undefined ? 0 : this.#sentAt + GAP_MS - this.#clock.monotonic();
    if (wait > 0) this.#later(wait);
    else void this.#send(this.#wanted);
  }

  async #send(payload: string): Promise<void> {
    this.#dirty = false;
    this.#busy = true;
    this.#sentAt = this.#clock.monotonic();
    try {
      await this.#link.publish(this.#topic, payload, { retain: true, qos: 1 });
    } catch (thrown) {
      this.#log.warn({ err: explain(thrown) }, `${this.#topic} was not published yet`);
      this.#dirty = this.#wanted !== undefined;
      if (!this.#stopped) this.#later(RETRY_MS);
    }
    this.#busy = false;
    this.#sendIfDue();
  }

  #later(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined;
      this.#sendIfDue();
    });
  }
}
