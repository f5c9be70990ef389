import { type Clock, iso, type Timer, type WallMs } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { EVENT_MAX, type EventFields } from './messages.js';

/** Events that wait for the broker. When the outbox is full the oldest goes: the newest shows what is wrong now. */
export const OUTBOX_MAX = 1_000;
/** Pause after a connected broker did not take an event. */
const PAUSE_MS = 5_000;

interface Event {
  readonly v: 1;
  readonly id: string;
  readonly n: number;
  readonly time: string;
  readonly type: string;
  /** Events before this one that were thrown away undelivered. */
  readonly lost?: number;
}

export interface OutboxParts {
  readonly gate: string;
  /** Distinguishes this run of the daemon from others; stands in every id. */
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly capacity?: number;
}

/** Port: carries the events to the broker. */
export interface EventCarrier {
  /** Resolves when the broker has acknowledged. */
  publish(event: string): Promise<void>;
  /** A sentence for the state; undefined when all is well again. */
  onProblem(text: string | undefined): void;
}

/**
 * Events on their way to the broker: numbered, one after the other, each until it is acknowledged, so at least once
 * and in order. It exists before the site does: what happens earlier waits. Kept in memory: what was not delivered when
 * the process ends is lost.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #queue: Event[] = [];
  readonly #awaitingEmpty: (() => void)[] = [];
  #carrier: EventCarrier | undefined;
  #n = 0;
  #lost = 0;
  #lostTotal = 0;
  #up = false;
  #sending = false;
  #retry: Timer | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#queue.length;
  }

  /** Events that were thrown away since the start. */
  get lostTotal(): number {
    return this.#lostTotal;
  }

  /** Adds an event. Never throws and never waits. @param atMs when it happened; now if not given */
  add(type: string, fields: EventFields = {}, atMs: WallMs = this.#parts.clock.wall()): void {
    const { gate, boot, log } = this.#parts;
    const n = ++this.#n;
    const head = { v: 1 as const, id: `${gate}-${boot}-${n}`, n, time: iso(atMs), type };
    let event: Event = { ...fields, ...head };
    if (JSON.stringify(event).length > EVENT_MAX) {
      log.error({ type }, `an event of more than ${EVENT_MAX} characters was cut down to its head`);
      event = head;
    }
    this.#queue.push(event);
    if (this.#queue.length > (this.#parts.capacity ?? OUTBOX_MAX)) this.#dropOldest();
    this.#startSending();
  }

  /** To be called once, before the first {@link up}. */
  setCarrier(carrier: EventCarrier): void {
    this.#carrier = carrier;
  }

  /** The broker is connected: sends what waits. */
  up(): void {
    this.#up = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#startSending();
  }

  down(): void {
    this.#up = false;
  }

  /** Resolves once everything is delivered; never if the broker stays away. */
  empty(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#awaitingEmpty.push(resolve));
  }

  stop(): void {
    this.#up = false;
    this.#retry?.cancel();
  }

  #dropOldest(): void {
    const gone = this.#queue.shift();
    const next = this.#queue[0];
    if (gone && next) this.#queue[0] = { ...next, lost: (gone.lost ?? 0) + 1 + (next.lost ?? 0) };
    this.#lost++;
    this.#lostTotal++;
    this.#carrier?.onProblem(`events-lost: ${this.#lost} events were thrown away while the broker was out of reach`);
  }

  #startSending(): void {
    if (!this.#up || !this.#carrier || this.#sending || this.#retry || this.#queue.length === 0) return;
    this.#sending = true;
    void this.#sendAll(this.#carrier);
  }

  async #sendAll(carrier: EventCarrier): Promise<void> {
    try {
      for (let event = this.#queue[0]; this.#up && event; event = this.#queue[0]) {
        await carrier.publish(JSON.stringify(event));
        this.#delivered(event);
      }
    } catch (thrown) {
      this.#parts.log.warn({ err: explain(thrown), waiting: this.#queue.length }, 'an event was not delivered yet');
      this.#retry = this.#parts.clock.after(PAUSE_MS, () => {
        this.#retry = undefined;
        this.#startSending();
      });
    } finally {
      this.#sending = false;
    }
    this.#startSending();
  }

  #delivered(event: Event): void {
    // By number, not by place: it may have been thrown away, or marked with a loss, while it was on its way.
    if (this.#queue[0]?.n === event.n) this.#queue.shift();
    if (this.#lost > 0 && (this.#queue[0]?.lost ?? 0) === 0) {
      this.#lost = 0;
      this.#carrier?.onProblem(undefined);
    }
    if (this.#queue.length === 0) for (const resolve of this.#awaitingEmpty.splice(0)) resolve();
  }
}
