// pure

import { iso } from '../kit/clock.js';
import type { Person, Tombstone } from '../person/person.js';
import { compareVersions, versionMs } from '../person/version.js';
import { encoderToKeep } from './encoder-check.js';
import { isRemoval, type Removal, type SiteRecord } from './merge.js';
import { type PeopleDocument, STRANGERS_MAX, TOMBSTONES_MAX } from './people-document.js';

/** So many of the oldest removals go at a time where there are too many: looking for the oldest takes a pass over all. */
const FORGOTTEN_AT_ONCE = 2_000;

/**
 * Who is enrolled and who was removed, in memory. An id is in one of the two, never in both. Persons are never changed in
 * place, so a snapshot stays the same while a slow disk takes it.
 */
export class PeopleState {
  readonly #people: Map<string, Person>;
  readonly #removed: Map<string, Tombstone>;
  /** What the document said. */
  readonly #encoder: string;
  #strangers = 0;
  #latest: string | null = null;

  constructor(document: PeopleDocument) {
    this.#encoder = document.encoder;
    this.#people = new Map(document.people);
    this.#removed = new Map(document.removed);
    for (const { version } of this.#people.values()) this.#seen(version);
    for (const { version, stranger } of this.#removed.values()) {
      this.#seen(version);
      if (stranger) this.#strangers++;
    }
  }

  get people(): ReadonlyMap<string, Person> {
    return this.#people;
  }

  get removed(): ReadonlyMap<string, Tombstone> {
    return this.#removed;
  }

  /** How many removals are of ids that were never known here. */
  get strangers(): number {
    return this.#strangers;
  }

  /** The greatest version of any person ever seen here; null in a new store. */
  get latest(): string | null {
    return this.#latest;
  }

  /** The person or the removal of an id, as gates exchange it. */
  record(id: string): SiteRecord | undefined {
    const tombstone = this.#removed.get(id);
    return tombstone ? removalOf(id, tombstone) : this.#people.get(id);
  }

  /** All people and removals, as gates exchange them. */
  *records(): Generator<SiteRecord, void> {
    yield* this.#people.values();
    for (const [id, tombstone] of this.#removed) yield removalOf(id, tombstone);
  }

  /**
   * Whether a record finds room: a removal of somebody who is or was known here always does, and those of ids that were never known here
   * take room from each other only, so that no flood of them keeps anybody from being enrolled or removed.
   */
  hasRoom(record: SiteRecord): boolean {
    if (!isRemoval(record) || this.#people.has(record.id) || this.#removed.has(record.id)) return true;
    return this.#strangers < STRANGERS_MAX;
  }

  /** Puts a record in place of the known one of its id. */
  set(record: SiteRecord): void {
    this.#seen(record.version);
    this.#forget(record.id);
    if (!isRemoval(record)) {
      this.#people.set(record.id, record);
      return;
    }
    const { version, by, stranger, undated } = record;
    this.#people.delete(record.id);
    // The version's time, not this gate's, so that the tombstone is the same at all gates.
    const at = iso(versionMs(version));
    const notes = { ...(stranger && { stranger }), ...(undated && { undated }) };
    this.#removed.set(record.id, { version, at, ...(by !== undefined && { by }), ...notes });
    if (stranger) this.#strangers++;
    else if (this.#removed.size - this.#strangers > TOMBSTONES_MAX) this.#forgetOldest();
  }

  /** Drops a person without a removal. */
  drop(id: string): void {
    this.#people.delete(id);
  }

  /** Forgets removals at or before `ms`, but those that have no date yet. @returns their ids */
  purge(ms: number): readonly string[] {
    const gone: string[] = [];
    for (const [id, { version, undated }] of this.#removed) if (!undated && versionMs(version) <= ms) gone.push(id);
    for (const id of gone) this.#forget(id);
    return gone;
  }

  /** A copy that later changes do not touch. Takes some milliseconds with 50,000 people; made once a write. */
  snapshot(encoder: string): PeopleDocument {
    return {
      encoder: encoderToKeep(encoder, this.#encoder),
      people: new Map(this.#people),
      removed: new Map(this.#removed),
    };
  }

  #forget(id: string): void {
    if (this.#removed.get(id)?.stranger) this.#strangers--;
    this.#removed.delete(id);
  }

  /** The oldest removals are the ones that every gate has long taken over; the broker still holds them. */
  #forgetOldest(): void {
    const known = [...this.#removed].filter(([, { stranger }]) => !stranger);
    known.sort(([, a], [, b]) => compareVersions(a.version, b.version));
    for (const [id] of known.slice(0, FORGOTTEN_AT_ONCE)) this.#removed.delete(id);
  }

  #seen(version: string): void {
    if (this.#latest === null || compareVersions(version, this.#latest) > 0) this.#latest = version;
  }
}

const removalOf = (id: string, { version, by, stranger, undated }: Tombstone): Removal => ({
  id,
  removed: true,
  version,
  ...(by !== undefined && { by }),
  ...(stranger && { stranger }),
  ...(undated && { undated }),
});
