// pure
import { iso } from '../kit/clock.js';
import type { Person, Tombstone } from '../person/person.js';
import { compareVersions, versionMs } from '../person/version.js';
import { isRemoval, type SiteRecord } from './merge.js';
import type { PeopleDocument } from './people-document.js';

/**
 * Who is enrolled and who was removed, in memory. An id is in one of the two, never in both. Persons are never changed in
 * place, so a snapshot stays the same while a slow disk takes it.
 */
export class PeopleState {
  readonly #people: Map<string, Person>;
  readonly #removed: Map<string, Tombstone>;
  #latest: string | null = null;

  constructor(document: PeopleDocument) {
    this.#people = new Map(document.people);
    this.#removed = new Map(document.removed);
    for (const { version } of this.#people.values()) this.#seen(version);
    for (const { version } of this.#removed.values()) this.#seen(version);
  }

  get people(): ReadonlyMap<string, Person> {
    return this.#people;
  }

  get removed(): ReadonlyMap<string, Tombstone> {
    return this.#removed;
  }

  /** The greatest version of any person ever seen here; null in a new store. */
  get latest(): string | null {
    return this.#latest;
  }

  /** The person or the removal of an id, as gates exchange it. */
  record(id: string): SiteRecord | undefined {
    const tombstone = this.#removed.get(id);
    return tombstone ? { id, removed: true, version: tombstone.version } : this.#people.get(id);
  }

  /** All people and removals, as gates exchange them. */
  *records(): Generator<SiteRecord, void> {
    yield* this.#people.values();
    for (const [id, { version }] of this.#removed) yield { id, removed: true, version };
  }

  /** Puts a record in place of the known one of its id. */
  set(record: SiteRecord): void {
    this.#seen(record.version);
    if (isRemoval(record)) {
      this.#people.delete(record.id);
      // The version's time, not this gate's, so that the tombstone is the same at all gates.
      this.#removed.set(record.id, { version: record.version, at: iso(versionMs(record.version)) });
    } else {
      this.#removed.delete(record.id);
      this.#people.set(record.id, record);
    }
  }

  /** Forgets removals at or before `ms`. @returns how many */
  purge(ms: number): number {
    const before = this.#removed.size;
    for (const [id, { version }] of this.#removed) if (versionMs(version) <= ms) this.#removed.delete(id);
    return before - this.#removed.size;
  }

  /** A copy that later changes do not touch. Takes some milliseconds with 50,000 people; made once a write. */
  snapshot(encoder: string): PeopleDocument {
    return { encoder, people: new Map(this.#people), removed: new Map(this.#removed) };
  }

  #seen(version: string): void {
    if (this.#latest === null || compareVersions(version, this.#latest) > 0) this.#latest = version;
  }
}
