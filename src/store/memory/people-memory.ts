import { explain } from '../../kit/errors.js';
import type { Person } from '../../person/person.js';
import type { MergeOutcome } from '../../person/version.js';
import { checkRoom } from '../admission.js';
import { isRemoval, outcomeOf, type Removal, type SiteRecord } from '../merge.js';
import type { PeopleDocument } from '../people-document.js';
import type { PeopleChange, PeopleStoreOptions } from '../people-options.js';
import { PeopleState } from '../people-state.js';
import { WaitingPeople } from '../waiting-people.js';
import { Versions } from './versions.js';

/** The people in memory: which record counts, which version a change gets, and who is told of it. Nothing here waits for the disk. */
export class PeopleMemory {
  readonly state: PeopleState;
  readonly versions: Versions;
  /** Undefined while it is known who was removed. */
  #waiting: WaitingPeople | undefined;
  readonly #options: Pick<PeopleStoreOptions, 'clock' | 'log'>;
  readonly #listeners = new Set<(change: PeopleChange) => void>();
  #revision = 0;
  #removals = 0;

  constructor(options: Pick<PeopleStoreOptions, 'clock' | 'log' | 'gate'>, document: PeopleDocument) {
    this.#options = options;
    this.state = new PeopleState(document);
    this.versions = new Versions(options, this.state);
  }

  /** The number of changes so far. */
  get revision(): number {
    return this.#revision;
  }

  /** How often people had to be forgotten in all copies of the file. */
  get removals(): number {
    return this.#removals;
  }

  onChange(listener: (change: PeopleChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What becomes of a record that arrives. */
  outcome(record: SiteRecord): MergeOutcome {
    return outcomeOf(this.state.record(record.id), record, this.versions.now);
  }

  set(record: SiteRecord, origin: PeopleChange['origin']): void {
    const { id, version, by } = record;
    const left = isRemoval(record) && this.state.people.has(id);
    this.state.set(record);
    this.versions.known(id);
    if (isRemoval(record)) this.#removals++;
    this.#tell({ id, person: isRemoval(record) ? undefined : record, version, by, left, origin });
  }

  /** The version of a change of a person. */
  nextVersion(id: string): string {
    return this.versions.next(id, this.#waiting?.latest);
  }

  /** A removal, newer than everything that is known. */
  removal(id: string, by: string | undefined): Removal {
    return this.versions.removal(id, by, this.#waiting?.latest);
  }

  /** The record as it is kept: a removal of somebody who was never known here is noted as such. */
  noted(record: SiteRecord): SiteRecord {
    if (!isRemoval(record) || this.state.people.has(record.id)) return record;
    const known = this.state.removed.get(record.id);
    return known && !known.stranger ? record : { ...record, stranger: true };
  }

  everUsed(id: string): boolean {
    return this.state.record(id) !== undefined || this.versions.isSetAside(id);
  }

  /** Whether it is known who is enrolled and who was removed: not while the file cannot be read. */
  get isKnown(): boolean {
    return this.#waiting === undefined;
  }

  /** The file cannot be read: persons wait until {@link takeOver}, for it may say that they were removed. */
  wait(): void {
    this.#waiting = new WaitingPeople();
  }

  /** What becomes of a person who has to wait; undefined where nobody has to. @throws OperatingError KAIMON_PEOPLE_FULL */
  addWaiting(person: Person): MergeOutcome | undefined {
    return this.#waiting?.add(person);
  }

  /**
   * Whether somebody of this id is enrolled, here or by a record from the future that was set aside. While it is not known who is, everybody
   * may be.
   */
  isRemovable(id: string): boolean {
    if (this.state.people.has(id) || this.versions.isSetAside(id)) return true;
    return this.#waiting !== undefined && !this.state.removed.has(id);
  }

  /** Takes over what the file holds, then those who waited for it. */
  takeOver(document: PeopleDocument): void {
    for (const record of new PeopleState(document).records())
      if (outcomeOf(this.state.record(record.id), record) === 'taken') this.set(record, 'file');
    const persons = this.#waiting?.all() ?? [];
    this.#waiting = undefined;
    for (const person of persons) {
      if (outcomeOf(this.state.record(person.id), person) !== 'taken') continue;
      try {
        checkRoom(person, this.state);
        this.set(person, 'site');
      } catch (thrown) {
        const fields = { id: person.id, why: explain(thrown) };
        this.#options.log.warn(fields, 'a person of another gate was not taken');
      }
    }
  }

  /** See PeopleStore.redate. @returns how many */
  redate(whose: 'own' | 'all'): number {
    const ahead = this.versions.fromTheFuture(whose);
    for (const person of ahead) {
      const redated: Person = { ...person, version: this.nextVersion(person.id) };
      this.#options.log.info({ id: person.id, from: person.version, to: redated.version }, 'a person was dated anew');
      this.set(redated, 'local');
    }
    return ahead.length;
  }

  /** See PeopleStore.renewRemovals. Nothing is done while the time is not known. @returns how many */
  renew(older: Iterable<string>): number {
    if (this.versions.now === undefined) return 0;
    const undated = this.versions.isTimeKnown
      ? [...this.state.removed].flatMap(([id, tombstone]) => (tombstone.undated ? [id] : []))
      : [];
    let count = 0;
    for (const id of new Set([...undated, ...older])) {
      const removal = this.state.removed.get(id);
      if (!removal) continue;
      const dated = this.versions.renewed(id, removal.by);
      // One from the future is remembered for long enough as it is, and others have it: an earlier date would never reach them.
      const { version, by } = removal;
      this.set(dated.version > version ? dated : { id, removed: true, version, by }, 'local');
      count++;
    }
    return count;
  }

  /** Forgets removals at or before `ms`. @returns how many */
  purge(ms: number): number {
    const gone = this.state.purge(ms);
    for (const id of gone) this.#tell({ id, person: undefined, origin: 'forgotten' });
    return gone.length;
  }

  /** Knows nobody from here on; removals stay. @returns how many people */
  dropAll(): number {
    const ids = [...this.state.people.keys()];
    for (const id of ids) {
      this.state.drop(id);
      this.#tell({ id, person: undefined, origin: 'forgotten' });
    }
    // The last good copy must not bring them back either.
    if (ids.length > 0) this.#removals++;
    return ids.length;
  }

  #tell(change: PeopleChange): void {
    this.#revision++;
    for (const listener of this.#listeners) listener(change);
  }
}
