import { type Clock, iso, type Timer, type WallMs } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Event, EventToSend } from './events/event.js';
import type { KeptEvents } from './events/kept-events.js';
import { MemoryQueue, type QueuedEvent } from './events/memory-queue.js';
import { EVENT_MAX, type EventFields } from './messages.js';

/** Events that wait for the broker in memory. */
export const OUTBOX_MAX = 1_000;
/** Pause after a connected broker did not take an event, or the journal could not be read. */
const PAUSE_MS = 5_000;

export interface OutboxParts {
  readonly gate: string;
  /** Distinguishes this run of the daemon from others; stands in the id of each event that is only in memory. */
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly capacity?: number;
  /** Events that stand in the journal; undefined where there is none: then all of them are only in memory. */
  readonly kept?: KeptEvents | undefined;
}

/** Port: carries the events to the broker. */
export interface EventCarrier {
  /** Resolves when the broker has acknowledged. */
  publish(event: string): Promise<void>;
  /** A sentence for the state; undefined when all is well again. */
  onProblem(text: string | undefined): void;
}

/** What became of an event's entry in the journal. */
export interface EntryOfEvent {
  /** Its number, where it is on the disk. */
  readonly n?: number | undefined;
  /** Where the disk did not take it in time: its number once it has. */
  readonly later?: Promise<number | undefined> | undefined;
}

/**
 * Events on their way to the broker: one after the other, each until it is acknowledged, so at least once. Those that stand in the journal are
 * read from there, alarms first, and outlive a restart; the others wait in memory, each behind the entries of before it. It exists before
 * the site does: what happens earlier waits.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #queue: MemoryQueue;
  readonly #awaitingEmpty: (() => void)[] = [];
  #carrier: EventCarrier | undefined;
  #n = 0;
  /** The number of the last entry whose event was added. */
  #newest = 0;
  #up = false;
  #sending = false;
  /** Something was added since it was last looked. */
  #news = true;
  #unread: string | undefined;
  #retry: Timer | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#queue = new MemoryQueue(parts.capacity ?? OUTBOX_MAX);
  }

  /** Events that wait; entries of the journal that are no events count until they are passed. */
  get size(): number {
    return this.#queue.size + (this.#parts.kept?.waiting ?? 0);
  }

  /** Events that were thrown away since the start; of purged entries it is not known which were events. */
  get lostTotal(): number {
    return this.#queue.lostTotal + (this.#parts.kept?.lost ?? 0);
  }

  /**
   * Adds an event. Never throws and never waits.
   * @param atMs when it happened; now if not given @param entry its entry in the journal, where it has one
   */
  add(type: string, fields: EventFields = {}, atMs: WallMs = this.#parts.clock.wall(), entry: EntryOfEvent = {}): void {
    const { kept } = this.#parts;
    kept?.begin();
    if (kept && entry.n !== undefined) {
      this.#newest = entry.n;
    } else {
      const after = Math.max(this.#newest, kept?.opened ?? 0);
      const queued = this.#queue.add(this.#made(type, fields, atMs), after);
      if (kept && entry.later) void this.#settle(kept, queued, entry.later);
      this.#tellProblem();
    }
    this.#startSending(true);
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
    this.#startSending(true);
  }

  down(): void {
    this.#up = false;
  }

  /** What waits shall not name this person any more: to be called before and after the person is erased from the journal. */
  forget(person: string): void {
    this.#parts.kept?.forget();
    // A greeting holds a name and no id.
    this.#queue.forget((event) => event.type === 'greeting' || Object.values(event).includes(person));
  }

  /** Resolves once everything is delivered; never if the broker stays away. */
  empty(): Promise<void> {
    if (!this.#parts.kept && this.#queue.size === 0) return Promise.resolve();
    const empty = new Promise<void>((resolve) => this.#awaitingEmpty.push(resolve));
    this.#startSending(true);
    return empty;
  }

  stop(): void {
    this.#up = false;
    this.#retry?.cancel();
  }

  #made(type: string, fields: EventFields, atMs: WallMs): Event {
    const { gate, boot, log, kept } = this.#parts;
    const n = ++this.#n;
    // Numbers of the journal are another row.
    const head = { v: 1 as const, id: `${gate}-${boot}-${kept ? 'm' : ''}${n}`, n, time: iso(atMs), type };
    return fitted({ ...fields, ...head }, head, log);
  }

  /** The disk has the entry after all: it is told by whoever comes first, the queue or the journal, and once. */
  async #settle(kept: KeptEvents, queued: QueuedEvent, later: Promise<number | undefined>): Promise<void> {
    const n = await later;
    if (n !== undefined && !queued.takeBack()) kept.alreadyTold(n);
    this.#startSending(true);
  }

  #startSending(news = false): void {
    if (news) this.#news = true;
    if (!this.#up || !this.#carrier || this.#sending || this.#retry || !this.#news) return;
    this.#sending = true;
    void this.#sendAll(this.#carrier);
  }

  async #sendAll(carrier: EventCarrier): Promise<void> {
    try {
      for (let next = await this.#next(); this.#up && next; next = await this.#next()) {
        const { event } = next;
        const text = JSON.stringify(event);
        const { v, id, n, time, type } = event;
        next.begin?.();
        await carrier.publish(text.length <= EVENT_MAX ? text : JSON.stringify({ v, id, n, time, type }));
        next.done();
        this.#tellProblem();
      }
      if (this.#up && !this.#news) for (const resolve of this.#awaitingEmpty.splice(0)) resolve();
    } catch (thrown) {
      this.#parts.log.warn({ err: explain(thrown), waiting: this.size }, 'an event was not delivered yet');
      this.#tryLater();
    } finally {
      this.#sending = false;
    }
    this.#startSending();
  }

  async #next(): Promise<EventToSend | undefined> {
    this.#news = false;
    const kept = await this.#nextKept();
    const queued = this.#queue.next();
    if (!kept || !queued) return kept ?? queued;
    const first = queued.alarm === kept.alarm ? queued.after < kept.event.n : queued.alarm;
    return first ? queued : kept;
  }

  async #nextKept(): Promise<EventToSend | undefined> {
    try {
      const next = await this.#parts.kept?.next();
      this.#unread = undefined;
      return next;
    } catch (thrown) {
      // What is in memory goes on.
      this.#unread = explain(thrown);
      this.#news = true;
      this.#tryLater();
      return undefined;
    }
  }

  #tryLater(): void {
    this.#news = true;
    this.#retry ??= this.#parts.clock.after(PAUSE_MS, () => {
      this.#retry = undefined;
      this.#startSending();
    });
  }

  #tellProblem(): void {
    const { lost } = this.#queue;
    if (this.#unread !== undefined) this.#carrier?.onProblem(`events-unread: ${this.#unread}`);
    else if (lost > 0)
      this.#carrier?.onProblem(`events-lost: ${lost} events were thrown away while the broker was out of reach`);
    else this.#carrier?.onProblem(undefined);
  }
}

function fitted(event: Event, head: Event, log: Log): Event {
  if (JSON.stringify(event).length <= EVENT_MAX) return event;
  log.error({ type: head.type }, `an event of more than ${EVENT_MAX} characters was cut down to its head`);
  return head;
}
