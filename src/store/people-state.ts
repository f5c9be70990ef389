// pure
import { iso } from '../kit/clock.js';
import type { Person, Tombstone } from '../person/person.js';
import { compareVersions, versionMs } from '../person/version.js';
import { isRemoval, type SiteRecord } from './merge.js';
import type { PeopleDocument } from './people-document.js';

/**
 * Who is enrolled and who was removed, in memory. An id is in one of the two, never in both. Persons are never
 * changed in place, so a snapshot stays what it was while a slow disk takes it.
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

  /** The greatest version ever seen here, of anybody; null in a new store. */
  get latest(): string | null {
    return this.#latest;
  }

  /** What is known of an id, in the form in which the site exchanges it. */
  record(id: string): SiteRecord | undefined {
    const tombstone = this.#removed.get(id);
    return tombstone ? { id, removed: true, version: tombstone.version } : this.#people.get(id);
  }

  /** Takes a record in place of what was known of its id. */
  set(record: SiteRecord): void {
    this.#seen(record.version);
    if (isRemoval(record)) {
      this.#people.delete(record.id);
      // The time is the version's, not this gate's: so all gates keep equal tombstones.
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

  /** A value that later changes do not touch. Some milliseconds at 50,000 people; taken once a write. */
  snapshot(encoder: string): PeopleDocument {
    return { encoder, people: new Map(this.#people), removed: new Map(this.#removed) };
  }

  #seen(version: string): void {
    if (this.#latest === null || compareVersions(version, this.#latest) > 0) this.#latest = version;
  }
}
