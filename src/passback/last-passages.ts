import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import { type Clock, type MonotonicMs, type WallMs, wallMs } from '../kit/clock.js';
import { PEOPLE_MAX } from '../person/person.js';
import { isFuture, type MergeOutcome, versionMs } from '../person/version.js';
import { isVoid, newPassage, type Passage, supersedes } from './passback.js';

export interface LastPassagesParts {
  /** Who is enrolled, and who was removed. */
  readonly people: {
    get(id: string): unknown;
    tombstones(): ReadonlyMap<string, unknown>;
    onChange(listener: (change: { readonly id: string; readonly person: unknown }) => void): unknown;
  };
  /** This gate's name; stands in versions. */
  readonly gate: string;
  readonly clock: Clock;
  readonly trustedClock: Pick<TrustedClock, 'trusted'>;
  /** Called after each change. */
  readonly onChange: () => void;
}

interface Undated {
  readonly inside: boolean | null;
  readonly version: string;
  readonly atMono: MonotonicMs;
}

/**
 * Where people were last known to be: the newest passage of each person who was not removed. Bounded by {@link PEOPLE_MAX}:
 * of others nothing is known, and they are never refused for that.
 */
export class LastPassages {
  readonly #parts: LastPassagesParts;
  readonly #passages: Map<string, Passage>;
  readonly #listeners = new Set<(id: string) => void>();
  /** Passages seen while the clock was not trusted, by person; at most {@link PEOPLE_MAX}. */
  readonly #undated = new Map<string, Undated>();
  #latest: string | null = null;

  constructor(found: Readonly<Record<string, Passage>>, parts: LastPassagesParts) {
    this.#parts = parts;
    const all = Object.entries(found);
    this.#passages = new Map(all.filter(([id]) => !this.isGone(id)));
    if (this.#passages.size < all.length) parts.onChange();
    for (const { version } of this.#passages.values()) this.#noteVersion(version);
    parts.people.onChange(({ id, person }) => {
      if (!person) this.#drop(id);
    });
  }

  /** The passage that counts now. One from the future was dated by a clock that was ahead, and counts for nothing before its time. */
  get(person: string): Passage | undefined {
    const passage = this.#passages.get(person);
    return passage && !isFuture(passage.version, this.#parts.clock.wall()) ? passage : undefined;
  }

  /** The people of whom something is known. */
  ids(): Iterable<string> {
    return this.#passages.keys();
  }

  /** Whether this person was removed: where they were must not be kept then. */
  isGone(person: string): boolean {
    return this.#parts.people.tombstones().has(person);
  }

  /** Records what this gate saw. @param inside null to forgive */
  place(person: string, inside: boolean | null): void {
    const { clock, gate, trustedClock } = this.#parts;
    // A person may be removed between grant and passage.
    if (this.isGone(person) || !this.#hasRoom(person)) return;
    const { trusted } = trustedClock;
    const now = clock.wall();
    const latest = this.#latestUpTo(person, now);
    // A version from a clock that is ahead would beat every later one: without a trusted clock it only follows what is known.
    const at = trusted ? now : wallMs(Math.min(now, latest === null ? 0 : versionMs(latest)));
    const passage = newPassage(inside, at, gate, latest);
    if (trusted) this.#undated.delete(person);
    else this.#undated.set(person, { inside, version: passage.version, atMono: clock.monotonic() });
    this.#set(person, passage);
    for (const listener of this.#listeners) listener(person);
  }

  /** To be called while the clock is trusted: what was seen without a trusted clock is dated by how long ago it was. */
  date(): void {
    const { clock, gate } = this.#parts;
    const now = clock.wall();
    for (const [person, { inside, version, atMono }] of this.#undated) {
      // Dated when it was seen: what another gate saw later wins, what it saw before does not.
      const seenMs = wallMs(now - (clock.monotonic() - atMono));
      const seen = newPassage(inside, seenMs, gate, isFuture(version, now) ? null : version);
      if (!supersedes(seen, this.get(person), now)) continue;
      this.#set(person, seen);
      for (const listener of this.#listeners) listener(person);
    }
    this.#undated.clear();
  }

  /** Forgives everybody of whom something is known, at every gate of the site. */
  forgiveAll(): void {
    for (const known of [this.#passages, this.#undated])
      for (const [person, { inside }] of known) if (inside !== null) this.place(person, null);
  }

  /**
   * Takes over what another gate saw. @param reset the last moment at which all was forgotten
   * @throws Error for a person who is not enrolled when no more fit
   */
  merge(person: string, passage: Passage, reset: WallMs | undefined): MergeOutcome {
    const now = this.#parts.clock.wall();
    if (isFuture(passage.version, now)) return 'future';
    this.#noteVersion(passage.version);
    if (this.isGone(person) || isVoid(passage, reset)) return 'same';
    if (!supersedes(passage, this.get(person), now)) return 'older';
    if (!this.#hasRoom(person))
      throw new Error(`whereabouts of ${PEOPLE_MAX} people are known, and nobody of the id "${person}" is enrolled`);
    this.#set(person, passage);
    return 'taken';
  }

  /** Drops what the last reset made void. */
  purge(reset: WallMs | undefined): void {
    const before = this.#passages.size;
    for (const [id, passage] of this.#passages) if (isVoid(passage, reset)) this.#passages.delete(id);
    if (this.#passages.size !== before) this.#parts.onChange();
  }

  /** All passages, as they are kept on the disk. */
  snapshot(): Record<string, Passage> {
    return Object.fromEntries(this.#passages);
  }

  /** Calls back when this gate itself changes what is known of a person. @returns removes the listener */
  onLocal(listener: (person: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #set(person: string, passage: Passage): void {
    this.#passages.set(person, passage);
    this.#noteVersion(passage.version);
    this.#parts.onChange();
  }

  #drop(person: string): void {
    this.#undated.delete(person);
    if (this.#passages.delete(person)) this.#parts.onChange();
    // Even if nothing was known here: the broker may know something.
    for (const listener of this.#listeners) listener(person);
  }

  /** The version that the next one of this person follows: the newest known of all people, unless a clock that was ahead gave it. */
  #latestUpTo(person: string, now: WallMs): string | null {
    if (this.#latest !== null && !isFuture(this.#latest, now)) return this.#latest;
    return this.get(person)?.version ?? null;
  }

  /** A flood of unknown names must not push out those who are enrolled. */
  #hasRoom(person: string): boolean {
    if (this.#passages.size < PEOPLE_MAX || this.#passages.has(person)) return true;
    const { people } = this.#parts;
    if (!people.get(person)) return false;
    for (const known of [this.#passages, this.#undated])
      for (const id of known.keys()) if (!people.get(id)) known.delete(id);
    return this.#passages.size < PEOPLE_MAX;
  }

  #noteVersion(version: string): void {
    if (this.#latest === null || version > this.#latest) this.#latest = version;
  }
}
