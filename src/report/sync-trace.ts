import type { Opening } from '../config/opening.js';
import type { Clock, Timer } from '../kit/clock.js';
import { PEOPLE_MAX } from '../person/person.js';
import type { PeopleChange } from '../store/people-options.js';
import type { PeopleStore } from '../store/people-store.js';
import { type SyncedRecord, syncedBatches } from './synced-batches.js';

/** Records taken over within this time are reported together. */
export const COUNT_MS = 2_000;
/** Entries that wait for the disk at one time: the journal takes 1,000, and other things happen meanwhile. */
const AT_ONCE = 32;
/** A journal that does not keep up is left alone for so long. */
const PAUSE_MS = 10_000;
/** Records that wait to be reported; of further ones only the number is. */
const WAITING_MAX = 2 * PEOPLE_MAX;

/** What was taken over within {@link COUNT_MS}. */
export interface SyncCounts {
  readonly changed: number;
  readonly removed: number;
}

/** Port: who learns of it. */
export interface SyncReports {
  /** How many records were taken over; for the log. */
  synced(counts: SyncCounts): void;
  /** These records were taken over, all of one kind; resolves to whether that is on the disk, or there is no journal. */
  syncedRecords(records: readonly SyncedRecord[]): Promise<boolean>;
  /** So many more were taken over than could be listed. */
  syncedUnlisted(counts: SyncCounts): void;
}

/** Reports each record that was taken over from other gates: with id, version and author, and never faster than the journal takes it. */
export class SyncTrace {
  readonly #clock: Clock;
  readonly #reports: SyncReports;
  #waiting: SyncedRecord[] = [];
  #counts = { changed: 0, removed: 0 };
  #unlisted = { changed: 0, removed: 0 };
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #closing = false;
  #endPause: (() => void) | undefined;

  constructor(clock: Clock, reports: SyncReports) {
    this.#clock = clock;
    this.#reports = reports;
  }

  /** Notes a change that came from another gate; others are ignored. */
  note({ id, person, version, by, origin }: PeopleChange): void {
    if (origin !== 'site' || version === undefined) return;
    const what = person ? 'changed' : 'removed';
    this.#counts[what]++;
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ id, version, by, removed: !person });
    else this.#unlisted[what]++;
    this.#timer ??= this.#clock.after(COUNT_MS, () => this.#flush());
  }

  /** Reports what was noted up to now. Resolves when the journal has it, or does not keep up. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#endPause?.();
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#counts.changed + this.#counts.removed === 0) return;
    this.#reports.synced(this.#counts);
    this.#counts = { changed: 0, removed: 0 };
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const records = this.#waiting;
      this.#waiting = [];
      const batches = syncedBatches(records);
      for (let from = 0; from < batches.length; from += AT_ONCE) {
        const written = batches.slice(from, from + AT_ONCE).map((batch) => this.#reports.syncedRecords(batch));
        const kept = await Promise.all(written);
        if (kept.includes(false) && !this.#closing) await this.#pause();
      }
    }
    if (this.#unlisted.changed + this.#unlisted.removed > 0) this.#reports.syncedUnlisted(this.#unlisted);
    this.#unlisted = { changed: 0, removed: 0 };
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(PAUSE_MS, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

/** Reports what is taken over into `people` from here on. */
export async function openSyncTrace(
  { clock, endings }: Opening,
  people: Pick<PeopleStore, 'onChange'>,
  reports: SyncReports,
): Promise<void> {
  const trace = await endings.open(
    'the trace of people from the site',
    () => new SyncTrace(clock, reports),
    (opened) => opened.close(),
  );
  people.onChange((change) => trace.note(change));
}
