import { GENESIS } from '../../journal/entry.js';
import type { Position } from '../../journal/head.js';
import type { EntryReader, ReadEntry } from '../../journal/reading/reader.js';
import { type Clock, iso } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import { ALSO_MAX, type Cursor, type CursorDocument, resume } from './cursor.js';
import type { CursorFile } from './cursor-file.js';
import type { Event, EventToSend } from './event.js';
import { eventFieldsOf, isAlarm, isTold } from './event-of.js';

/** Entries that are held in memory, of alarms and of others: at most so many of each. */
const PAGE = 32;

export interface KeptEventsParts {
  readonly gate: string;
  readonly reader: EntryReader;
  readonly file: CursorFile;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was read and not told yet. */
interface Ahead {
  entries: ReadEntry[];
  /** Up to here once all of them are told. */
  upTo: Position;
}

/**
 * The events that stand in the journal, read from it one page at a time: all alarms first, then the others, each in order. How far they
 * were told is kept on the disk, soon after; nobody waits for that. One call of {@link next} at a time.
 */
export class KeptEvents {
  readonly #parts: KeptEventsParts;
  /** Undefined until the journal could be opened. */
  #cursor: Cursor | undefined;
  #resuming: Promise<void> | undefined;
  readonly #also = new Set<number>();
  #alarms: Ahead | undefined;
  #others: Ahead | undefined;
  #purged = 0;
  #forgotten = 0;

  constructor(parts: KeptEventsParts) {
    this.#parts = parts;
  }

  /** Entries that may still have to be told. */
  get waiting(): number {
    const last = this.#parts.reader.extent?.last;
    return last === undefined || !this.#cursor ? 0 : Math.max(0, last - this.#cursor.told.n);
  }

  /** Entries that were purged, or lost sight of, before they were told. */
  get lost(): number {
    return this.#purged;
  }

  /** The number of the last entry when this process opened the journal. */
  get opened(): number {
    return this.#parts.reader.extent?.opened ?? 0;
  }

  /** The next event, and what to do once it was told; undefined where all are. @throws OperatingError KAIMON_FILE_READ */
  async next(): Promise<EventToSend | undefined> {
    await this.#resumed();
    if (!this.#cursor) return undefined;
    return (await this.#nextAlarm()) ?? this.#nextGap() ?? (await this.#nextOther());
  }

  /**
   * Finds out where to go on, and keeps it: also where there is no broker for the whole of this run. To be called whenever something is
   * added; it does nothing once that is known. Nobody waits for it, and what is wrong with the disk {@link next} says.
   */
  begin(): void {
    if (!this.#cursor) this.#resumed().catch(() => undefined);
  }

  /** An entry was told before the disk had it: it is not told again. */
  alreadyTold(n: number): void {
    if (this.#also.size >= ALSO_MAX) return;
    this.#also.add(n);
    this.#save();
  }

  /** Reads anew what was read ahead: somebody is erased. */
  forget(): void {
    this.#forgotten++;
    this.#alarms = undefined;
    this.#others = undefined;
  }

  async #resumed(): Promise<void> {
    if (this.#cursor) return;
    this.#resuming ??= this.#resume();
    try {
      await this.#resuming;
    } finally {
      this.#resuming = undefined;
    }
  }

  async #resume(): Promise<void> {
    const { reader, file, log } = this.#parts;
    if (!reader.extent) return;
    const { found } = file;
    const { opened } = reader.extent;
    const cursor = resume(found, {
      first: await reader.first(),
      opened: { n: opened, hash: (await reader.hashOf(opened)) ?? GENESIS },
      hashes: {
        told: found.told ? await reader.hashOf(found.told.n) : undefined,
        alarms: found.alarms ? await reader.hashOf(found.alarms.n) : undefined,
      },
    });
    if (cursor.gap) log.warn({ ...cursor.gap }, 'it is not known whether events of these entries were told');
    this.#cursor = cursor;
    for (const n of cursor.also) this.#also.add(n);
    // At once: a kill must not lose sight of what this run journals. A failure is logged and tried again by the file.
    file.saveNow(() => this.#content()).catch(() => undefined);
  }

  async #nextAlarm(): Promise<EventToSend | undefined> {
    for (;;) {
      const { alarms } = this.#cursor as Cursor;
      this.#alarms ??= (await this.#read(alarms, undefined, isAlarm)).ahead;
      if (!this.#alarms) return undefined;
      const [entry] = this.#alarms.entries;
      if (!entry) this.#move('alarms', this.#alarms.upTo);
      else if (this.#also.has(entry.entry.n)) this.#done('alarms', entry);
      else return this.#toSend('alarms', entry);
    }
  }

  /** Never further than the alarms are. */
  async #nextOther(): Promise<EventToSend | undefined> {
    for (;;) {
      const { told, alarms } = this.#cursor as Cursor;
      if (told.n >= alarms.n) return undefined;
      if (!this.#others) {
        const { ahead, first } = await this.#read(told, alarms.n, (type) => isTold(type) && !isAlarm(type));
        if (first > told.n + 1) return this.#purge(told.n + 1, first);
        this.#others = ahead;
      }
      if (!this.#others) return undefined;
      const [entry] = this.#others.entries;
      if (!entry) this.#move('told', this.#others.upTo);
      else if (this.#also.has(entry.entry.n)) this.#done('told', entry);
      else return this.#toSend('told', entry);
    }
  }

  /** @returns `ahead` is undefined where there is nothing to read; `first`: the first entry that is left */
  async #read(
    { n, hash }: Position,
    upTo: number | undefined,
    wanted: (type: string) => boolean,
  ): Promise<{ readonly ahead: Ahead | undefined; readonly first: number }> {
    const forgotten = this.#forgotten;
    const page = await this.#parts.reader.page({ after: n, upTo, limit: PAGE, wanted });
    // Somebody was erased while it was read, who may be named in it.
    if (forgotten !== this.#forgotten) return this.#read({ n, hash }, upTo, wanted);
    const ahead: Ahead | undefined = page.upTo && { entries: [...page.entries], upTo: page.upTo };
    return { ahead, first: page.first };
  }

  /** Entries are gone that were not told. */
  async #purge(from: number, first: number): Promise<EventToSend | undefined> {
    const { reader, log } = this.#parts;
    const [left] = (await reader.page({ after: first - 1, upTo: first, limit: 1 })).entries;
    // Purged as well, meanwhile: the next look finds out.
    if (!left) return undefined;
    const gap = { first: from, last: first - 1, hash: left.entry.prev, why: 'purged' } as const;
    log.warn({ ...gap }, 'entries of the journal were purged before their events could be told');
    this.#purged += gap.last - gap.first + 1;
    this.#cursor = { ...(this.#cursor as Cursor), told: { n: gap.last, hash: gap.hash }, gap };
    this.#save();
    return this.#nextGap();
  }

  #nextGap(): EventToSend | undefined {
    const { gap } = this.#cursor as Cursor;
    if (!gap) return undefined;
    const { first, last, hash, why } = gap;
    const { gate, clock } = this.#parts;
    const head = { id: `${gate}-gap${hash.slice(0, 8)}-${last}`, n: last, time: iso(clock.wall()), type: 'gap' };
    const event = { v: 1, ...head, first, last, why } as const;
    const done = () => {
      this.#cursor = { ...(this.#cursor as Cursor), gap: null };
      this.#save();
    };
    return { event, alarm: false, done };
  }

  #toSend(which: 'alarms' | 'told', read: ReadEntry): EventToSend {
    const { entry } = read;
    const { n, time, type, boot } = entry;
    const head = { v: 1 as const, id: `${this.#parts.gate}-${boot}-${n}`, n, time, type };
    const event: Event = { ...eventFieldsOf(read), ...head };
    return { event, alarm: which === 'alarms', done: () => this.#done(which, read) };
  }

  #done(which: 'alarms' | 'told', { entry: { n }, hash }: ReadEntry): void {
    const ahead = which === 'alarms' ? this.#alarms : this.#others;
    // Otherwise it was read anew meanwhile, from where it was.
    if (ahead?.entries[0]?.entry.n === n) ahead.entries.shift();
    this.#set(which, { n, hash });
  }

  /** All that was read is told. */
  #move(which: 'alarms' | 'told', upTo: Position): void {
    if (which === 'alarms') this.#alarms = undefined;
    else this.#others = undefined;
    this.#set(which, upTo);
  }

  #set(which: 'alarms' | 'told', position: Position): void {
    const cursor = this.#cursor as Cursor;
    if (cursor[which].n < position.n) this.#cursor = { ...cursor, [which]: position };
    for (const n of this.#also) if (n <= (this.#cursor as Cursor).told.n) this.#also.delete(n);
    this.#save();
  }

  #save(): void {
    this.#parts.file.save(() => this.#content());
  }

  #content(): CursorDocument {
    const { told, alarms, gap } = this.#cursor ?? this.#parts.file.found;
    return { schema: 1, told, alarms, also: [...this.#also], gap };
  }
}
