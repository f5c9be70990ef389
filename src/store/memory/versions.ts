import type { Clock, WallMs } from '../../kit/clock.js';
import type { Person } from '../../person/person.js';
import { isAhead, nextVersion, nodeOf, versionWithoutClock } from '../../person/version.js';
import type { Removal } from '../merge.js';
import type { PeopleState } from '../people-state.js';

/** Port: whether the wall clock is right. */
export interface ClockTrusted {
  readonly trusted: boolean;
}

/** Ids of records from the future that are remembered here; more than the site's own record of them would keep. */
const SET_ASIDE_MAX = 1_000;

/** Which version a change made at this gate gets, and which records count as from the future. */
export class Versions {
  readonly #gate: string;
  readonly #clock: Clock;
  readonly #state: PeopleState;
  /** People who are known by a record from the future only. */
  readonly #setAside = new Set<string>();
  #trust: ClockTrusted = { trusted: true };
  /** The last version that was made here. */
  #made: string | null = null;

  constructor({ gate, clock }: { readonly gate: string; readonly clock: Clock }, state: PeopleState) {
    this.#gate = gate;
    this.#clock = clock;
    this.#state = state;
  }

  judgeBy(clock: ClockTrusted): void {
    this.#trust = clock;
  }

  /** The time; undefined while it is not known. */
  get now(): WallMs | undefined {
    return this.#trust.trusted ? this.#clock.wall() : undefined;
  }

  /** A person was not taken because their record is from the future. */
  setAside(id: string): void {
    if (this.#setAside.size < SET_ASIDE_MAX && this.#state.record(id) === undefined) this.#setAside.add(id);
  }

  isSetAside(id: string): boolean {
    return this.#setAside.has(id);
  }

  /** There is a record of this id now. */
  known(id: string): void {
    this.#setAside.delete(id);
  }

  /** The version of a change of a person. @param waiting the newest version of those who wait to be taken */
  next(id: string, waiting: string | null = null): string {
    // Without a clock right after the person's own version: the newest of all may come from a clock that was ahead.
    if (this.now === undefined) return this.#after(this.#state.people.get(id)?.version ?? this.#newest(id, waiting));
    return this.#after(this.#newest(id, waiting));
  }

  /**
   * A removal of this id, which is dated later where the time is not known. It is newer than what it removes, also where that seems to be from the
   * future: by a clock that is years behind everything is, and a removal of years ago would be forgotten before the others hear of it.
   */
  removal(id: string, by: string | undefined, waiting: string | null = null): Removal {
    const newest = this.#newest(id, waiting);
    const removed = this.#state.record(id)?.version;
    // After the last version that there is none can follow.
    const isLater = removed !== undefined && !isAhead(removed, undefined) && (newest === null || removed > newest);
    const version = this.#after(isLater ? removed : newest);
    return { id, removed: true, version, by, ...(!this.isTimeKnown && { undated: true }) };
  }

  /** A removal that is known, dated anew by what the clock says now. */
  renewed(id: string, by: string | undefined): Removal {
    return { id, removed: true, version: this.#after(this.#newest(id, null)), by };
  }

  /** Whether the clock is trusted, and nothing that is known here says that it is behind. */
  get isTimeKnown(): boolean {
    const { now } = this;
    return now !== undefined && (this.#state.latest === null || !isAhead(this.#state.latest, now));
  }

  /** People whose version is from the future, those whose version was made here or all. */
  fromTheFuture(whose: 'own' | 'all'): readonly Person[] {
    const now = this.now;
    // Without this, each minute would cost a look at each person.
    if (now === undefined || this.#state.latest === null || !isAhead(this.#state.latest, now)) return [];
    return [...this.#state.people.values()].filter(
      ({ version }) => isAhead(version, now) && (whose === 'all' || nodeOf(version) === this.#gate),
    );
  }

  #after(known: string | null): string {
    const wall = this.#clock.wall();
    const made = this.now === undefined ? versionWithoutClock : nextVersion;
    this.#made = made(known, wall, this.#gate);
    return this.#made;
  }

  /** The newest version that is known and not from the future. */
  #newest(id: string, waiting: string | null): string | null {
    const { now } = this;
    const known = [this.#state.latest, waiting, this.#made, this.#state.record(id)?.version ?? null];
    return known.reduce<string | null>(
      (newest, one) => (one === null || isAhead(one, now) || (newest !== null && one < newest) ? newest : one),
      null,
    );
  }
}
