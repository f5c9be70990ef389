import { explain, OperatingError } from '../kit/errors.js';
import { CLOSE_MS } from '../kit/files/late.js';
import { Saver } from '../kit/files/saver.js';
import { LOCAL_RETRY } from '../kit/retry.js';
import type { Person, Tombstone } from '../person/person.js';
import type { MergeOutcome } from '../person/version.js';
import { checkedPerson, checkedRecord, checkFresh, checkRoom } from './admission.js';
import { reportPeople } from './encoder-check.js';
import { PeopleMemory } from './memory/people-memory.js';
import type { ClockTrusted } from './memory/versions.js';
import { isRemoval, outcomeOf, type SiteRecord } from './merge.js';
import { NotSaved } from './not-saved.js';
import { PeopleDisk } from './people-disk.js';
import type { PeopleDocument } from './people-document.js';
import type { PeopleChange, PeopleStoreOptions } from './people-options.js';
import { type Found, isBearable, readAnyway } from './people-writer.js';

/**
 * The people of the site as this gate knows them. A change counts in memory at once, and its promise resolves after the
 * fsync. When the disk refuses, the promise rejects, the change stays in memory (see Saver), `fault` says why, and the
 * store goes on trying. One process at a time: a second one is refused by a lock file.
 */
export class PeopleStore {
  readonly #options: PeopleStoreOptions;
  readonly #memory: PeopleMemory;
  readonly #disk: PeopleDisk;
  #readOnly: unknown;
  readonly #saver: Saver;
  #recovered: string | undefined;
  /** The files are to be moved away before the next write. */
  #toSetAside = false;
  #closed = false;

  private constructor(options: PeopleStoreOptions, document: PeopleDocument, disk: PeopleDisk) {
    this.#options = options;
    this.#memory = new PeopleMemory(options, document);
    this.#disk = disk;
    const { clock, log } = options;
    this.#saver = new Saver({ name: 'people store', write: () => this.#write(), clock, log, retry: LOCAL_RETRY });
    disk.progress.on(this.#saver.progress);
  }

  /**
   * Opens the store for writing.
   * @throws OperatingError KAIMON_PEOPLE_LOCKED, KAIMON_PEOPLE_CORRUPT, KAIMON_PEOPLE_SCHEMA, KAIMON_PEOPLE_ENCODER,
   *   KAIMON_FILE_READ, KAIMON_FILE_WRITE
   */
  static async open(options: PeopleStoreOptions): Promise<PeopleStore> {
    const disk = new PeopleDisk(options);
    const { document, recovered } = await disk.open();
    const store = new PeopleStore(options, document, disk);
    store.#recovered = recovered;
    reportPeople(document, { ...options, latest: store.#memory.state.latest });
    return store;
  }

  /**
   * As {@link open}, for a gate that must start all the same. Where the disk is full or read-only the people are as the file has them, and
   * nobody can be enrolled; where the file cannot be used nobody is known, and persons of other gates wait, for the file may say that they
   * were removed. Removals always count. `fault` says why, the files stay as they are, and it is tried again until the store can be opened
   * for writing. Then what the file holds counts, too.
   * @throws OperatingError KAIMON_PEOPLE_LOCKED
   */
  static async openAnyway(options: PeopleStoreOptions): Promise<PeopleStore> {
    try {
      return await PeopleStore.open(options);
    } catch (why) {
      if (!isBearable(why)) throw why;
      const { document, recovered, fault, known } = await readAnyway(options, why);
      const store = new PeopleStore(options, document, new PeopleDisk(options));
      store.#recovered = recovered;
      store.#readOnly = fault;
      if (!known) store.#memory.wait();
      options.log.error({ people: store.size, why: explain(fault) }, 'people cannot be changed');
      // Fails now, and is tried again by the saver.
      store.#saver.save().catch(() => undefined);
      return store;
    }
  }

  get size(): number {
    return this.#memory.state.people.size;
  }

  /** How many removals of people who were known here are remembered. */
  get removed(): number {
    return this.#memory.state.removed.size - this.#memory.state.strangers;
  }

  /** The number of changes since the store was opened. */
  get revision(): number {
    return this.#memory.revision;
  }

  /** Why changes are in memory only, or are refused; undefined when all is saved. For state and health. */
  get fault(): unknown {
    return this.#readOnly ?? this.#saver.fault;
  }

  /** What else somebody should know of the people of this gate, in sentences. */
  get problems(): readonly string[] {
    return this.#recovered === undefined ? [] : [this.#recovered];
  }

  get(id: string): Person | undefined {
    return this.#memory.state.people.get(id);
  }

  /** All people who are enrolled. Do not await inside the loop: they may change meanwhile. */
  all(): Iterable<Person> {
    return this.#memory.state.people.values();
  }

  tombstones(): ReadonlyMap<string, Tombstone> {
    return this.#memory.state.removed;
  }

  /** Whether an id belongs, or belonged, to a person (as far back as removals are kept). */
  everUsed(id: string): boolean {
    return this.#memory.everUsed(id);
  }

  /** What {@link merge} would make of a record; `full`: it would find no room. */
  outcome(record: SiteRecord): MergeOutcome | 'full' {
    const outcome = this.#memory.outcome(record);
    return outcome === 'taken' && !this.#memory.state.hasRoom(record) ? 'full' : outcome;
  }

  /** From here on records are judged and versions are made by this clock; without it, by a clock that is always right. */
  judgeBy(clock: ClockTrusted): void {
    this.#memory.versions.judgeBy(clock);
  }

  /**
   * Adds or changes a person; the store gives the version. Resolves after the fsync. The id of somebody who was removed is never used again.
   * @throws OperatingError KAIMON_PEOPLE_RECORD, KAIMON_PEOPLE_ID_USED, KAIMON_PEOPLE_FULL, and KAIMON_FILE_WRITE while people cannot be
   *   changed: nothing was changed; {@link NotSaved} of code KAIMON_FILE_WRITE, KAIMON_PEOPLE_LOCKED: changed in memory, not yet on the disk
   */
  async put(change: Omit<Person, 'version'>): Promise<Person> {
    if (this.#readOnly !== undefined) this.#refuse();
    const person = checkedPerson({ ...change, version: this.#memory.nextVersion(change.id) });
    checkFresh(person.id, this.#memory.state);
    checkRoom(person, this.#memory.state);
    await this.#change(person, 'local');
    return person;
  }

  /**
   * Takes a record of another gate; which one counts is told by {@link outcomeOf}. Resolves after the fsync (at once when nothing changed).
   * 'future': a person more than 5 minutes ahead of a clock that is trusted, so logged and not taken; offer it again later.
   * @throws NotSaved as {@link put}; OperatingError KAIMON_PEOPLE_FULL, and KAIMON_FILE_WRITE where a person waits until the file can be read
   */
  async merge(record: SiteRecord): Promise<MergeOutcome> {
    const incoming = checkedRecord(record);
    const { id, version } = incoming;
    const outcome = this.#memory.outcome(incoming);
    if (outcome === 'future') {
      this.#memory.versions.setAside(id);
      this.#options.log.warn({ id, version }, 'a person record from the future was not taken: check the clocks');
    }
    if (outcome !== 'taken') return outcome;
    if (!isRemoval(incoming)) {
      const waits = this.#memory.addWaiting(incoming);
      if (waits !== undefined) return waits === 'taken' ? this.#refuse() : waits;
    }
    checkRoom(incoming, this.#memory.state);
    await this.#change(this.#memory.noted(incoming), 'site');
    return 'taken';
  }

  /**
   * Removes a person and remembers that, even while people cannot be changed otherwise. Resolves after the fsync.
   * @returns the removal's version, undefined when no person of that id is enrolled, here or by a record from the future that was set aside.
   *   While it is not known who is, every id is removed.
   * @throws NotSaved as {@link put}
   */
  async remove(id: string, by: string): Promise<string | undefined> {
    if (!this.#memory.isRemovable(id)) return undefined;
    const removal = this.#memory.removal(id, by);
    this.#options.log.info({ id, by }, 'person removed');
    await this.#change(removal, 'local');
    return removal.version;
  }

  /**
   * Dates removals anew, those made while the clock was not trusted and others that are older than they should be: they would be forgotten
   * before all gates know of them. Resolves after the fsync. @throws OperatingError KAIMON_FILE_WRITE: changed in memory
   */
  async renewRemovals(older: Iterable<string>): Promise<void> {
    if (this.#memory.renew(older) > 0) await this.#save();
  }

  /**
   * Gives people whose record is from the future the version that it should have: for when the clock is right again. Resolves after the fsync.
   * @param whose all, or only those whose version was made at this gate @returns how many @throws OperatingError KAIMON_FILE_WRITE: changed in memory
   */
  async redate(whose: 'own' | 'all'): Promise<number> {
    const count = this.#memory.redate(whose);
    if (count > 0) await this.#save();
    return count;
  }

  /**
   * Sets the people aside and knows nobody from here on; removals stay. For a gate that was away for so long that it may know people of
   * whom nobody remembers that they were removed. Resolves after the fsync.
   * @returns how many people @throws OperatingError KAIMON_FILE_WRITE: they are gone from memory, and it is tried again
   */
  async startAnew(): Promise<number> {
    const count = this.#memory.dropAll();
    if (count === 0) return 0;
    this.#toSetAside = true;
    await this.#save();
    return count;
  }

  /** Writes the file again, so that its last good copy is up to date too. Resolves after the fsync. @throws OperatingError as {@link put} */
  async rewrite(): Promise<void> {
    // Twice: the first write may be that of a change that waits, and the copy then still is the file from before it.
    await this.#save();
    await this.#save();
  }

  /**
   * Takes over what another process has changed where the lock was lost; to be called each minute, for a removal must be in force at the
   * door although this gate has nothing to write.
   * @throws OperatingError as {@link put}: it is tried again
   */
  async follow(): Promise<void> {
    // With a fault the saver tries again by itself, and takes the lock anew before it writes.
    if (this.fault !== undefined || (await this.#disk.holds()) || this.#closed) return;
    await this.#save();
  }

  /** Calls `listener` on every change, in order, before it is on the disk. @returns a function that ends this */
  onChange(listener: (change: PeopleChange) => void): () => void {
    return this.#memory.onChange(listener);
  }

  /**
   * Forgets removals older than `olderThanMs` milliseconds; their ids count as never used afterwards. Call it only
   * while the wall clock is trusted. Resolves after the fsync. @returns how many
   */
  async purgeTombstones(olderThanMs: number): Promise<number> {
    if (this.#readOnly !== undefined) this.#refuse();
    const count = this.#memory.purge(this.#options.clock.wall() - olderThanMs);
    if (count > 0) await this.#save();
    return count;
  }

  /** Saves what is unsaved, then lets another process in, within `leftMs`. @throws OperatingError when the last save failed */
  async close(leftMs = CLOSE_MS): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const untilMs = this.#options.clock.monotonic() + leftMs;
    try {
      await this.#saver.close(leftMs);
    } catch (thrown) {
      // Without a change nothing is lost; why it could not be written was said at the start.
      if (this.#disk.isOpen || this.#memory.revision > 0) throw thrown;
    } finally {
      await this.#disk.release(this.#saver.hangs ? 0 : Math.max(0, untilMs - this.#options.clock.monotonic()));
    }
  }

  async #change(record: SiteRecord, origin: PeopleChange['origin']): Promise<void> {
    const saved = this.#save();
    this.#memory.set(record, origin);
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
    await this.#disk.ready({ known: this.#memory.isKnown, take: (found) => this.#takeOver(found) });
    if (this.#toSetAside) await this.#disk.setAside();
    this.#toSetAside = false;
    await this.#disk.write(this.#memory.state.snapshot(this.#options.encoder), this.#memory.removals);
  }

  /** The file could be opened after all, or anew. Another process may have written it meanwhile: the newest record of each person counts. */
  #takeOver({ document, recovered }: Found): void {
    this.#recovered ??= recovered;
    this.#memory.takeOver(document);
    this.#readOnly = undefined;
    reportPeople(document, { ...this.#options, latest: this.#memory.state.latest });
  }

  /** @throws OperatingError why people cannot be changed */
  #refuse(): never {
    const message = `people cannot be changed at this gate: ${explain(this.#readOnly)}`;
    throw new OperatingError('KAIMON_FILE_WRITE', message, { cause: this.#readOnly });
  }
}
