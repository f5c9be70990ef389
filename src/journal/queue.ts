/** The entries that wait in memory to be written to the disk. */
import { type Clock, iso, type Timer } from '../kit/clock.js';
import { BATCH_MAX, type Draft, draftOf } from './batch.js';
import { canonicalFields, type Entry } from './entry.js';
import { GAP, type JournalInput, type Receipt } from './writer.js';

/** Entries that may wait: with the longest lines 4 MiB. Further ones are lost, and counted. */
export const QUEUE_MAX = 1_000;
/** After this time an entry is reported as late, and its caller goes on without waiting for the disk. */
const LATE_MS = 2_000;
/** How often that is checked. */
const TICK_MS = 250;

interface Item {
  readonly draft: Draft;
  readonly settle: (receipt: Receipt) => void;
  /** Of one that was reported as late: tells its number in the end. */
  late?: (n: number | undefined) => void;
}

/** In order. When it is full the newest entries are lost: the oldest ones show how the trouble began. */
export class JournalQueue {
  readonly #clock: Clock;
  readonly #onLate: () => void;
  readonly #items: Item[] = [];
  /** How many of them, from the first on, were reported as late. */
  #late = 0;
  #timer: Timer | undefined;
  #lost = 0;
  #since: string | undefined;
  #until = '';

  /** @param onLate called when an entry was not written within {@link LATE_MS} */
  constructor(clock: Clock, onLate: () => void) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#items.length;
  }
  get lost(): number {
    return this.#lost;
  }

  add(input: JournalInput): Promise<Receipt> {
    const draft = this.#draft(input);
    if (this.#items.length >= QUEUE_MAX) {
      this.#lost++;
      this.#since ??= draft.time;
      this.#until = draft.time;
      return Promise.resolve({ durable: false, why: 'lost' });
    }
    this.#checkLater();
    return new Promise((settle) => this.#items.push({ draft, settle }));
  }

  /** The next batch; it stays until {@link written} says how many of it are on the disk. */
  next(): readonly Draft[] {
    return this.#items.slice(0, BATCH_MAX).map(({ draft }) => draft);
  }

  /** @param lastN the number of the last entry that was written */
  written(count: number, lastN: number): void {
    const items = this.#items.splice(0, count);
    this.#late = Math.max(0, this.#late - count);
    for (const [index, { settle, late }] of items.entries()) {
      const n = lastN - count + 1 + index;
      settle({ durable: true, n });
      late?.(n);
    }
  }

  /** Entries that stand in the chain although their write failed. @returns how many of them waited */
  found(entries: readonly Entry[]): number {
    const other = entries.findIndex((entry, index) => !isOf(entry, this.#items[index]?.draft));
    const count = other < 0 ? entries.length : other;
    const last = entries[count - 1];
    if (last) this.written(count, last.n);
    return count;
  }

  /** Entries could not be written from `since` on. */
  failing(since: string): void {
    this.#since ??= since;
  }

  /** They can be written again: adds an entry about the time between, if there was one. */
  recovered(why: string): void {
    if (this.#since === undefined) return;
    const until = this.#lost > 0 ? this.#until : iso(this.#clock.wall());
    const fields = { lost: this.#lost, from: this.#since, until, why };
    this.#items.push({ draft: this.#draft({ type: GAP, fields }), settle: () => undefined });
    this.#lost = 0;
    this.#since = undefined;
  }

  /** Ends: what still waits will not be written. */
  giveUp(): void {
    this.#timer?.cancel();
    for (const { settle, late } of this.#items.splice(0)) {
      settle({ durable: false, why: 'closed' });
      late?.(undefined);
    }
  }

  /** One timer for all: entries become late in their order. */
  #checkLater(): void {
    this.#timer ??= this.#clock.after(TICK_MS, () => {
      this.#timer = undefined;
      const limit = this.#clock.monotonic() - LATE_MS;
      const before = this.#late;
      for (let item = this.#items[this.#late]; item && item.draft.mono <= limit; item = this.#items[this.#late]) {
        const waiting = item;
        const later = new Promise<number | undefined>((resolve) => (waiting.late = resolve));
        // A promise is settled only once: that the entry is written later is told by the other one.
        item.settle({ durable: false, why: 'late', later });
        this.#late++;
      }
      if (this.#late > before) this.#onLate();
      if (this.#items.length > this.#late) this.#checkLater();
    });
  }

  #draft(input: JournalInput): Draft {
    return draftOf(input, iso(this.#clock.wall()), this.#clock.monotonic());
  }
}

/** Whether an entry is what was made of a draft. */
const isOf = ({ time, mono, type, fields }: Entry, draft: Draft | undefined): boolean =>
  draft !== undefined &&
  time === draft.time &&
  mono === draft.mono &&
  type === draft.type &&
  canonicalFields(fields) === canonicalFields(draft.fields);
