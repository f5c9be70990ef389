import type { TrustedClock } from '../../clock-trust/trusted-clock.js';
import { type Clock, iso, type MonotonicMs, type Timer, type WallMs } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { versionMs } from '../../person/version.js';
import type { PeopleChange } from '../../store/people-options.js';
import { dueAbsence, forgetAfterMs, isAbsent, type Presence, SLACK_MS } from './absence.js';
import type { InSyncFile } from './in-sync-file.js';
import type { PeopleRules, PeopleSource } from './people-records.js';

/** Port: what is done with the people in the long run. */
export interface CaredPeople extends PeopleSource {
  redate(whose: 'own' | 'all'): Promise<number>;
  renewRemovals(older: Iterable<string>): Promise<void>;
  purgeTombstones(olderThanMs: number): Promise<number>;
  startAnew(): Promise<number>;
}

export interface PeopleCareParts {
  readonly people: CaredPeople;
  readonly inSync: Pick<InSyncFile, 'at' | 'note'>;
  /** Config `sync.tombstoneDays`. */
  readonly tombstoneDays: number;
  readonly clock: Clock;
  readonly trustedClock: Pick<TrustedClock, 'trusted' | 'confirmedMs'>;
  readonly log: Log;
  readonly connected: () => boolean;
  /** Whether people and broker were compared on this connection. */
  readonly settled: () => boolean;
  /** Nothing is held back any more. */
  readonly onReleased: () => void;
  /** So many people were set aside; when this gate was last in sync. */
  readonly onSetAside: (people: number, since: string | null) => void;
  /** Nobody is known any more: the people are to be read from the broker. */
  readonly onAnew: () => void;
  /** A sentence for the state; undefined when all is well again. */
  readonly onProblem: (text: string | undefined) => void;
}

const MINUTE_MS = 60_000;
/** While it is not known how late it is, people are held back: they should not wait a minute once it is. */
const HELD_MS = 1_000;
const PURGE_MS = 60 * MINUTE_MS;
/**
 * For so many minutes in a row the clock must be trusted and the gate in sync before people are dated anew: those whose version was
 * made here, and others, whose own gate would have done it if it were there.
 */
const REDATE_OWN = 3;
const REDATE_ALL = 60;

/** What must be done with the people from time to time so that a wrong clock, a long absence or old removals do no harm. */
export class PeopleCare {
  readonly rules: PeopleRules;
  readonly #parts: PeopleCareParts;
  readonly #unlisten: () => void;
  /** Removals of people that should have been known here long ago. At most one for each person. */
  readonly #misdated = new Set<string>();
  #timer: Timer | undefined;
  /** It is known that this gate was not away for too long. */
  #released = false;
  /** The people were set aside and are not there again yet. */
  #anew = false;
  #steady = 0;
  #tickedAt: MonotonicMs | undefined;
  #purgedAt: MonotonicMs | undefined;

  constructor(parts: PeopleCareParts) {
    this.#parts = parts;
    this.rules = {
      now: () => this.#now,
      forgetMs: forgetAfterMs(parts.tombstoneDays),
      holdsBack: () => !this.#released && parts.inSync.at !== null,
    };
    this.#unlisten = parts.people.onChange((change) => this.#changed(change));
  }

  /** Begins to look after the people. */
  start(): void {
    this.check();
    this.#again();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#unlisten();
  }

  /** Looks whether this gate was away for too long; to be called before it shares anything on a new connection, too. */
  check(): void {
    const { inSync, settled, onReleased } = this.#parts;
    const now = this.#now;
    if (now !== undefined && settled() && (this.#released || this.#anew || inSync.at === null)) {
      inSync.note(now);
      this.#anew = false;
      this.#released = true;
    } else if (isAbsent(this.#presence)) this.#startAnew();
    else if (now !== undefined && !this.#released) {
      this.#released = true;
      onReleased();
    }
    this.#tell();
  }

  #again(): void {
    const held = !this.#released && this.#parts.connected();
    this.#timer = this.#parts.clock.after(held ? HELD_MS : MINUTE_MS, () => {
      this.check();
      const now = this.#parts.clock.monotonic();
      if (this.#tickedAt === undefined || now - this.#tickedAt >= MINUTE_MS) {
        this.#tickedAt = now;
        void this.#care();
      }
      this.#again();
    });
  }

  /** What is due each minute. */
  async #care(): Promise<void> {
    const { people, settled, clock, log } = this.#parts;
    this.#steady = this.#now !== undefined && settled() ? this.#steady + 1 : 0;
    if (this.#now === undefined) return;
    try {
      const misdated = [...this.#misdated];
      this.#misdated.clear();
      await people.renewRemovals(misdated);
      if (this.#steady >= REDATE_OWN) await people.redate(this.#steady >= REDATE_ALL ? 'all' : 'own');
      if (this.#purgedAt !== undefined && clock.monotonic() - this.#purgedAt < PURGE_MS) return;
      this.#purgedAt = clock.monotonic();
      const count = await people.purgeTombstones(this.rules.forgetMs);
      if (count > 0) log.info({ count }, 'removals were kept long enough and are forgotten');
    } catch (thrown) {
      // What was changed is in force, and the store goes on trying.
      log.warn({ err: explain(thrown) }, 'versions of people could not be tidied yet');
    }
  }

  #startAnew(): void {
    if (this.#anew) return;
    const { people, inSync, log } = this.#parts;
    this.#anew = true;
    const since = inSync.at === null ? undefined : iso(inSync.at);
    log.error({ since, people: people.size }, 'away for longer than removals are remembered: the people are set aside');
    this.#parts.onSetAside(people.size, since ?? null);
    // Nobody is known from here on, whatever the disk says.
    const saved = people.startAnew();
    this.#parts.onAnew();
    saved.catch((thrown: unknown) => {
      log.error({ err: explain(thrown) }, 'the people are forgotten, but their file could not be set aside yet');
    });
  }

  #changed({ id, version, left, origin }: PeopleChange): void {
    const now = this.#now;
    if (origin !== 'site' || left !== true || version === undefined || now === undefined) return;
    const { at } = this.#parts.inSync;
    const knownSince = at === null ? now - this.rules.forgetMs + 2 * SLACK_MS : at;
    // It was made by a clock that is behind: dated as it is, it would be forgotten before all gates know of it.
    if (versionMs(version) < knownSince - SLACK_MS) this.#misdated.add(id);
  }

  #tell(): void {
    const { onProblem, inSync } = this.#parts;
    const since = inSync.at === null ? 'ever' : iso(inSync.at).slice(0, 10);
    if (this.#anew) {
      onProblem(
        `people-set-aside: this gate was last in sync with its site on ${since}, longer ago than sync.tombstoneDays: it lets in only whom it hears of from the broker from now on; the people of before are in people.json.absent-…`,
      );
      return;
    }
    if (this.rules.holdsBack() && this.#now === undefined && this.#parts.settled()) {
      onProblem(
        'people-held-back: the clock is not trusted, so it is not known how long this gate was away, and people whom the broker lacks are not put back: set the clock right',
      );
      return;
    }
    const due = dueAbsence(this.#presence);
    onProblem(
      due === undefined
        ? undefined
        : `people-out-of-sync: this gate was last in sync with its site on ${since}; from ${iso(due).slice(0, 10)} on it lets nobody in by face until it is: connect its broker`,
    );
  }

  get #now(): WallMs | undefined {
    const { trustedClock, clock } = this.#parts;
    return trustedClock.trusted ? clock.wall() : undefined;
  }

  get #presence(): Presence {
    const { inSync, tombstoneDays, trustedClock, connected } = this.#parts;
    return {
      inSyncMs: inSync.at,
      tombstoneDays,
      nowMs: this.#now,
      confirmedMs: trustedClock.confirmedMs,
      connected: connected(),
    };
  }
}
