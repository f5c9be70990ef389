/** The port for those who read the journal of a running gate: entry by entry from where they were, or by number and time. */
import type { Entry, Fields } from '../entry.js';
import type { Position } from '../head.js';

/** How far the journal on the disk goes. */
export interface Extent {
  /** The number of the last entry when this process opened it; 0 where there was none. */
  readonly opened: number;
  /** The number of the last entry that is on the disk. */
  readonly last: number;
}

/** An entry, its personal fields, where they were not erased, and the hash of its line. */
export interface ReadEntry {
  readonly entry: Entry;
  readonly personal: Fields | undefined;
  /** The personal fields are there, sealed with a key that is not known here. */
  readonly locked: boolean;
  readonly hash: string;
}

export interface PageWish {
  /** Entries after this number are read. */
  readonly after: number;
  /** None after this number; otherwise all that are on the disk. */
  readonly upTo?: number | undefined;
  /** At most so many. */
  readonly limit: number;
  /** Which types are wanted; otherwise all. */
  readonly wanted?: ((type: string) => boolean) | undefined;
  /** None that says it is of before this time, milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
}

export interface Page {
  readonly entries: readonly ReadEntry[];
  /** All wanted entries up to here are in this page or in those before it; undefined where nothing could be read. */
  readonly upTo: Position | undefined;
  /** The number of the first entry that is left, 0 where there is none; where it is later than the one asked for, some were purged. */
  readonly first: number;
}

/** Port: reads beside the writer; nothing waits for it, and it holds one page at a time. */
export interface EntryReader {
  /** Undefined until the journal could be opened. */
  readonly extent: Extent | undefined;
  /** May end before the limit: who wants more reads on at `upTo`. @throws OperatingError KAIMON_FILE_READ */
  page(wish: PageWish): Promise<Page>;
  /** The number of the first entry that is left, 0 where there is none. @throws OperatingError KAIMON_FILE_READ */
  first(): Promise<number>;
  /** The number of the first entry of the first file that ends at this time or later; one after the last where none does. @throws OperatingError KAIMON_FILE_READ */
  fileSince(sinceMs: number): Promise<number>;
  /** The hash of an entry; undefined where it is not there. @throws OperatingError KAIMON_FILE_READ */
  hashOf(n: number): Promise<string | undefined>;
}
