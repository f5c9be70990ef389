import type { Event, EventToSend } from './event.js';
import { isAlarm } from './event-of.js';

interface Waiting {
  event: Event;
  /** The number of the last entry of the journal when it happened: it is told after the event of that one. */
  readonly after: number;
  state: 'waits' | 'is-sent' | 'gone';
}

/** An event of the queue, for whoever added it. */
export interface QueuedEvent {
  /** Takes it out, where it still waits. @returns false where the site has it, or may have */
  takeBack(): boolean;
}

/** Events that are only in memory, in order. When the queue is full the oldest goes: the newest shows what is wrong now. */
export class MemoryQueue {
  readonly #capacity: number;
  readonly #items: Waiting[] = [];
  #lost = 0;
  #lostTotal = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Events that were thrown away since the start. */
  get lostTotal(): number {
    return this.#lostTotal;
  }

  /** Of those, the ones that no event has told of yet. */
  get lost(): number {
    return this.#lost;
  }

  add(event: Event, after: number): QueuedEvent {
    const item: Waiting = { event, after, state: 'waits' };
    this.#items.push(item);
    if (this.#items.length > this.#capacity) this.#dropOldest();
    return { takeBack: () => this.#takeBack(item) };
  }

  /** The next one: alarms go first. `after`: see {@link add} */
  next(): (EventToSend & { readonly after: number }) | undefined {
    const item = this.#items.find(({ event }) => isAlarm(event.type)) ?? this.#items[0];
    if (!item) return undefined;
    const { event, after } = item;
    const begin = () => {
      item.state = 'is-sent';
    };
    return { event, after, alarm: isAlarm(event.type), begin, done: () => this.#done(item) };
  }

  /** Throws away what names somebody who is erased. @param names whether an event does */
  forget(names: (event: Event) => boolean): void {
    for (const item of this.#items.filter(({ event }) => names(event))) this.#remove(item);
  }

  #takeBack(item: Waiting): boolean {
    if (item.state === 'is-sent') return false;
    this.#remove(item);
    return true;
  }

  #dropOldest(): void {
    const gone = this.#items.shift();
    const next = this.#items[0];
    if (gone) gone.state = 'gone';
    if (gone && next) next.event = { ...next.event, lost: (gone.event.lost ?? 0) + 1 + (next.event.lost ?? 0) };
    this.#lost++;
    this.#lostTotal++;
  }

  #done(item: Waiting): void {
    // It may have been thrown away while it was on its way.
    this.#remove(item);
    if (this.#lost > 0 && (this.#items[0]?.event.lost ?? 0) === 0) this.#lost = 0;
  }

  #remove(item: Waiting): void {
    const at = this.#items.indexOf(item);
    if (at >= 0) this.#items.splice(at, 1);
    if (item.state === 'waits') item.state = 'gone';
  }
}
