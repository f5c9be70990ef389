import type { WallMs } from '../kit/clock.js';
import type { LooseFields } from './entry.js';
import type { Mark } from './head.js';

/** What happened, for the journal. */
export interface JournalInput {
  /** A lower-case word such as `granted`. */
  readonly type: string;
  /** Nothing here names or describes a person: reason, door state, distance. It can never be erased. */
  readonly fields?: LooseFields;
  /** What does, and can be erased: `person` and `other` are the ids by which that is done. */
  readonly personal?: LooseFields;
}

/** Entries that the journal writes of itself: a torn line was cut off. */
export const REPAIRED = 'journal-repaired';
/** Damage was found that is no accident of a kill or a power cut. */
export const BROKEN = 'journal-broken';
/** Entries were lost, or could not be written for a while. */
export const GAP = 'journal-gap';
/** So many entries name nobody any more. */
export const ERASED = 'erased';

/**
 * What became of an entry. `late`: not on the disk within two seconds, it may be later. `lost`: too many wait already;
 * an entry of type `journal-gap` will say how many. `closed`, `off`: there is no journal now.
 */
export type Receipt =
  | { readonly durable: true; readonly n: number }
  | { readonly durable: false; readonly why: 'late' | 'lost' | 'closed' | 'off' };

/** Port: the journal. Nothing in it makes the door wait. */
export interface JournalWriter {
  /** Takes an entry, never throws, returns at once. Resolves when it is fsynced or will not be soon; never rejects. */
  append(input: JournalInput): Promise<Receipt>;
  /** How far the chain on the disk goes, as last written to the head's file; to be published elsewhere. */
  readonly head: Mark | undefined;
  /** The time of the newest entry, whatever clock it was by; undefined where there is none. */
  readonly newestMs: WallMs | undefined;
  /** Why entries wait or get lost; undefined while all is well. For the gate's state. */
  readonly fault: string | undefined;
  /**
   * Erases everything that names the person of this id; call it after the removal from the people store.
   * @returns how many entries do not name anybody any more; resolves when that is on the disk
   * @throws OperatingError KAIMON_FILE_WRITE, KAIMON_FILE_READ: to be repeated
   */
  erase(person: string): Promise<number>;
  /**
   * Removes what is older or more than the policy allows.
   * @param clockTrusted false: only the size counts @returns how many entries
   * @throws OperatingError KAIMON_FILE_WRITE, KAIMON_FILE_READ: to be repeated
   */
  purge(clockTrusted: boolean): Promise<number>;
  /** Writes what waits, for five seconds at most. */
  close(): Promise<void>;
}

/** Where the configuration wants none. */
export const journalOff: JournalWriter = {
  append: () => Promise.resolve({ durable: false, why: 'off' }),
  head: undefined,
  newestMs: undefined,
  fault: undefined,
  erase: () => Promise.resolve(0),
  purge: () => Promise.resolve(0),
  close: () => Promise.resolve(),
};
