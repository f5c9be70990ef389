import { Low } from 'lowdb';
import { Saver } from '../kit/files/saver.js';
import { WriterLock } from '../kit/files/writer-lock.js';
import type { Person, Tombstone } from '../person/person.js';
import { isFuture, type MergeOutcome, nextVersion } from '../person/version.js';
import { checkedPerson, checkedRecord, checkFresh, checkRoom } from './admission.js';
import { checkEncoder, reportPeople } from './encoder-check.js';
import { isRemoval, outcomeOf, type SiteRecord } from './merge.js';
import { NotSaved } from './not-saved.js';
import { emptyDocument, type PeopleDocument } from './people-document.js';
import { lastGoodOf, PeopleFileAdapter } from './people-file.js';
import { PEOPLE_LOCK, type PeopleChange, type PeopleStoreOptions } from './people-options.js';
import { PeopleState } from './people-state.js';
import { prepareFolder, tidyFolder } from './store-folder.js';

const SAVE_RETRY = { firstMs: 1000, factor: 2, maxMs: 60_000, jitter: 0 } as const;

/**
 * The people of the site as this gate knows them. A change counts in memory at once, and its promise resolves after the
 * fsync. When the disk refuses, the promise rejects, the change stays in memory (see Saver), `fault` says why, and the
 * store goes on trying. One process at a time: a second one is refused by a lock file.
 */
export class PeopleStore {
  readonly #options: PeopleStoreOptions;
  readonly #lock: WriterLock;
  readonly #low: Low<PeopleDocument>;
  readonly #state: PeopleState;
  readonly #saver: Saver;
  readonly #listeners = new Set<(change: PeopleChange) => void>();
  #revision = 0;
  #closed = false;

  private constructor(options: PeopleStoreOptions, lock: WriterLock, low: Low<PeopleDocument>) {
    this.#options = options;
    this.#lock = lock;
    this.#low = low;
    this.#state = new PeopleState(low.data);
    const { clock, log } = options;
    this.#saver = new Saver({ name: 'people store', write: () => this.#write(), clock, log, retry: SAVE_RETRY });
  }

  /**
   * Opens the store for writing.
   * @throws OperatingError KAIMON_PEOPLE_LOCKED, KAIMON_PEOPLE_CORRUPT, KAIMON_PEOPLE_SCHEMA, KAIMON_PEOPLE_ENCODER,
   *   KAIMON_FILE_READ, KAIMON_FILE_WRITE
   */
  static async open(options: PeopleStoreOptions): Promise<PeopleStore> {
    const { file, log } = options;
    await prepareFolder(file, log);
    const lockFile = `${file}.lock`;
    const lock = await WriterLock.take(lockFile, log, PEOPLE_LOCK);
    try {
      await tidyFolder([file, lastGoodOf(file), lockFile], log);
      const low = new Low(options.storage ?? new PeopleFileAdapter(options), emptyDocument(options.encoder));
      await low.read();
      if (!options.acceptOtherEncoder) checkEncoder(low.data, options.encoder, file);
      const store = new PeopleStore(options, lock, low);
      reportPeople(low.data, { ...options, latest: store.#state.latest });
      return store;
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
  }

  get size(): number {
    return this.#state.people.size;
  }

  /** The number of changes since the store was opened. */
  get revision(): number {
    return this.#revision;
  }

  /** Why changes are in memory only; undefined when all is saved. For state and health. */
  get fault(): unknown {
    return this.#saver.fault;
  }

  get(id: string): Person | undefined {
    return this.#state.people.get(id);
  }

  /** All people who are enrolled. Do not await inside the loop: they may change meanwhile. */
  all(): Iterable<Person> {
    return this.#state.people.values();
  }

  tombstones(): ReadonlyMap<string, Tombstone> {
    return this.#state.removed;
  }

  /** Whether an id belongs, or belonged, to a person (as far back as removals are kept). */
  everUsed(id: string): boolean {
    return this.#state.record(id) !== undefined;
  }

  /**
   * Adds or changes a person; the store gives the version. Resolves after the fsync.
   * @param options.returning a removed person is enrolled again. Without it a removed id is refused, since it must never
   *   become another person's.
   * @throws OperatingError KAIMON_PEOPLE_RECORD, KAIMON_PEOPLE_ID_USED, KAIMON_PEOPLE_FULL: nothing was changed;
   *   {@link NotSaved} of code KAIMON_FILE_WRITE, KAIMON_PEOPLE_LOCKED: changed in memory, not yet on the disk
   */
  async put(change: Omit<Person, 'version'>, options: { readonly returning?: boolean } = {}): Promise<Person> {
    const person = checkedPerson({ ...change, version: this.#nextVersion() });
    if (!options.returning) checkFresh(person.id, this.#state);
    checkRoom(person, this.#state);
    await this.#change(person, 'local');
    return person;
  }

  /**
   * Takes a record of another gate; the newest version wins. Resolves after the fsync (at once when nothing changed).
   * 'future': more than 5 minutes ahead of this gate's clock, so logged and not taken; offer it again later.
   * @throws OperatingError as {@link put}
   */
  async merge(record: SiteRecord): Promise<MergeOutcome> {
    const incoming = checkedRecord(record);
    const { id, version } = incoming;
    if (isFuture(version, this.#options.clock.wall())) {
      this.#options.log.warn({ id, version }, 'a person record from the future was not taken: check the clocks');
      return 'future';
    }
    const outcome = outcomeOf(this.#state.record(id), incoming);
    if (outcome !== 'taken') return outcome;
    checkRoom(incoming, this.#state);
    await this.#change(incoming, 'site');
    return 'taken';
  }

  /**
   * Removes a person and remembers that. Resolves after the fsync.
   * @returns the removal's version, undefined when no person of that id is enrolled.
   * @throws NotSaved as {@link put}
   */
  async remove(id: string, by: string): Promise<string | undefined> {
    if (!this.#state.people.has(id)) return undefined;
    const version = this.#nextVersion();
    this.#options.log.info({ id, by }, 'person removed');
    await this.#change({ id, removed: true, version }, 'local');
    return version;
  }

  /** Writes the file again, so that its last good copy is up to date too. Resolves after the fsync. @throws OperatingError as {@link put} */
  async rewrite(): Promise<void> {
    // Twice: the first write may be that of a change that waits, and the copy then still is the file from before it.
    await this.#save();
    await this.#save();
  }

  /** Calls `listener` on every change, in order, before it is on the disk. @returns a function that ends this */
  onChange(listener: (change: PeopleChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Forgets removals older than `olderThanMs` milliseconds; their ids count as never used afterwards. Call it only
   * while the wall clock is trusted. Resolves after the fsync. @returns how many
   */
  async purgeTombstones(olderThanMs: number): Promise<number> {
    const count = this.#state.purge(this.#options.clock.wall() - olderThanMs);
    if (count > 0) await this.#save();
    return count;
  }

  /** Saves what is unsaved, then lets another process in. @throws OperatingError when the last save failed */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#saver.close();
    } finally {
      await this.#lock.release();
    }
  }

  async #change(record: SiteRecord, origin: 'local' | 'site'): Promise<void> {
    const saved = this.#save();
    this.#state.set(record);
    this.#revision++;
    const change = { id: record.id, person: isRemoval(record) ? undefined : record, origin };
    for (const listener of this.#listeners) listener(change);
    try {
      await saved;
    } catch (cause) {
      throw new NotSaved(record, cause);
    }
  }

  #save(): Promise<void> {
    if (this.#closed) throw new Error('the people store is closed');
    return this.#saver.save();
  }

  async #write(): Promise<void> {
    await this.#lock.check();
    this.#low.data = this.#state.snapshot(this.#options.encoder);
    await this.#low.write();
  }

  #nextVersion(): string {
    return nextVersion(this.#state.latest, this.#options.clock.wall(), this.#options.gate);
  }
}
