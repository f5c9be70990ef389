/** The port to the journal: what other parts may ask of it. */
import type { WallMs } from '../kit/clock.js';
import type { LooseFields } from './entry.js';
import type { Mark } from './head.js';
import type { EntryReader, Extent } from './reading/reader.js';

/** What happened, for the journal. */
export interface JournalInput {
  /** A lower-case word such as `granted`. */
  readonly type: string;
  /** Must not name or describe a person (reason, door state, distance), because it can never be erased. */
  readonly fields?: LooseFields;
  /** Names or describes a person and can be erased; `person` and `other` are the ids by which that is done. */
  readonly personal?: LooseFields;
  /** When it happened; otherwise now. */
  readonly atMs?: WallMs;
}

// Types of entries that the journal writes about itself.

/** A torn line was cut off. */
export const REPAIRED = 'journal-repaired';
/** Damage was found that does not come from a kill or a power cut. */
export const BROKEN = 'journal-broken';
/** Entries were lost, or could not be written for a while. */
export const GAP = 'journal-gap';
/** The personal fields of a number of entries were erased. */
export const ERASED = 'erased';
/** A backup was restored: the journal goes on from what was in it, or began anew beside it. */
export const RESTORED = 'restored';

/**
 * What became of an entry. `late`: it is not on the disk within two seconds, but may be later. `lost`: too many wait
 * already; an entry of type `journal-gap` will say how many were lost. `counted`: it is chatter, and there was too much of it; an entry of
 * type `left-out` will count it. `closed`, `off`: there is no journal now.
 */
export type Receipt =
  | { readonly durable: true; readonly n: number }
  | {
      readonly durable: false;
      readonly why: 'late';
      /** Its number, once it is on the disk after all; undefined where it never will be. Never rejects. */
      readonly later: Promise<number | undefined>;
    }
  | { readonly durable: false; readonly why: 'lost' | 'counted' | 'closed' | 'off' };

/** Port: the journal. Nothing in it makes the door wait. */
export interface JournalWriter {
  /** Takes an entry; never throws and returns at once. Resolves when it is fsynced or late or lost; never rejects. */
  append(input: JournalInput): Promise<Receipt>;
  /** How far the chain on the disk goes, as last written to the head's file; to be published elsewhere. */
  readonly head: Mark | undefined;
  /** Undefined until the journal could be opened. */
  readonly extent: Extent | undefined;
  /** Reads entries beside the writer; undefined where the configuration turns the journal off. */
  readonly reader: EntryReader | undefined;
  /** The time of the newest entry, by the clock of that moment, right or wrong; undefined where there is no entry. */
  readonly newestMs: WallMs | undefined;
  /** Why entries wait or get lost; undefined while all is well. For the gate's state. */
  readonly fault: string | undefined;
  /**
   * Erases everything that names the person of this id; call it after the removal from the people store.
   * @returns how many entries named the person; resolves when they are erased on the disk
   * @throws OperatingError KAIMON_FILE_WRITE, KAIMON_FILE_READ: to be repeated; also where the disk hangs
   */
  erase(person: string): Promise<number>;
  /** Writes personal fields that are not sealed as they would be now anew. @returns of how many entries @throws as {@link erase} */
  renewSeals(): Promise<number>;
  /**
   * Removes entries beyond the age and the size that the policy allows.
   * @param clockTrusted false: only the size counts @returns how many entries were removed
   * @throws OperatingError KAIMON_FILE_WRITE, KAIMON_FILE_READ: to be repeated
   */
  purge(clockTrusted: boolean): Promise<number>;
  /** Writes what waits, within `leftMs` milliseconds. */
  close(leftMs?: number): Promise<void>;
}

/** For a gate whose configuration turns the journal off. */
export const journalOff: JournalWriter = {
  append: () => Promise.resolve({ durable: false, why: 'off' }),
  head: undefined,
  extent: undefined,
  reader: undefined,
  newestMs: undefined,
  fault: undefined,
  erase: () => Promise.resolve(0),
  renewSeals: () => Promise.resolve(0),
  purge: () => Promise.resolve(0),
  close: () => Promise.resolve(),
};

/** A journal of which some is done otherwise, and all else by `journal`. */
export const journalOver = (
  journal: JournalWriter,
  changes: Partial<Pick<JournalWriter, 'append' | 'erase' | 'renewSeals' | 'purge' | 'close'>>,
): JournalWriter => ({
  append: (input) => journal.append(input),
  get head() {
    return journal.head;
  },
  get extent() {
    return journal.extent;
  },
  get reader() {
    return journal.reader;
  },
  get newestMs() {
    return journal.newestMs;
  },
  get fault() {
    return journal.fault;
  },
  erase: (person) => journal.erase(person),
  renewSeals: () => journal.renewSeals(),
  purge: (clockTrusted) => journal.purge(clockTrusted),
  close: (leftMs) => journal.close(leftMs),
  ...changes,
});
