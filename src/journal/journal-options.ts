/** What a journal needs to be opened. */
import type { Clock } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/errno.js';
import type { Log } from '../kit/log.js';
import type { Lines } from '../kit/sealing/vault.js';
import type { JournalDisk } from './disk.js';
import type { Signer } from './head.js';
import type { RetentionPolicy } from './retention.js';

/** Port: what keeps a second process from writing the same journal. */
export interface JournalLock {
  /** Whether it is still held; one that was lost stays lost, and another process may have written since. */
  holds(): Promise<boolean>;
  release(): Promise<void>;
}

export interface FileJournalOptions {
  readonly disk: JournalDisk;
  /** Takes the lock; called once the folder is there. Throws when another process has it. */
  readonly lock: () => Promise<JournalLock>;
  readonly clock: Clock;
  readonly log: Log;
  /** Names this run of the daemon, 1–36 characters of a–z, 0–9 and "-"; random where it is not given. */
  readonly boot?: string;
  /** What signs heads and checkpoints, where a key is configured; read when the files are opened. */
  readonly signer?: (() => Signer) | undefined;
  /** How personal fields are sealed. Default: they are not. */
  readonly seals?: Lines | undefined;
  readonly segmentBytes: number;
  readonly policy: Omit<RetentionPolicy, 'maxSegments' | 'sinceMs'>;
}

/** The next try takes the lock anew, and says who has it where that fails. */
export const lockLost = (folder: string): OperatingError =>
  new OperatingError('KAIMON_JOURNAL_LOCKED', `the journal in ${folder} is not this process's any more`);

/** The surroundings keep the journal from being opened. Another process that writes it is none, nor is a later version's: these are mistakes. */
export const isTrouble = (thrown: unknown): boolean =>
  thrown instanceof OperatingError
    ? !['KAIMON_JOURNAL_LOCKED', 'KAIMON_DATA_NEWER'].includes(thrown.code)
    : errnoOf(thrown) !== undefined;
