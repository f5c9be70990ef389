import { LIFETIME_MAX_MS } from '../messages.js';
import { ForgottenRequests } from './forgotten-requests.js';
import type { Verb } from './verbs.js';

/** How many ids are remembered. */
export interface SeenBounds {
  /** At most. */
  readonly max: number;
  /** From here on those that have expired go. */
  readonly tidyFrom: number;
  /** Of {@link max}, for verbs that move the door or remove somebody. */
  readonly safety: number;
  /** Of one client, of either kind. */
  readonly client: number;
}

/** A client that sends 30 requests a second, each with a life of a minute, has 1,800 that have not expired. */
export const SEEN_BOUNDS: SeenBounds = { max: 8_192, tidyFrom: 1_000, safety: 4_096, client: 3_072 };

/** Twelve verbs of 500 keys. */
export const BARRED_MAX = 6_000;

/** Whose request it is, and whether its verb moves the door or removes somebody. */
export interface Owner {
  readonly client: string;
  readonly safety: boolean;
}

interface Seen {
  readonly expiresMs: number;
  /** Undefined from before the restart. */
  readonly owner: Owner | undefined;
}

/**
 * Ids of accepted requests. They are forgotten only to make room for others, and only where they have expired, or expire later than any
 * request that is taken by a trusted clock: those were taken while the clock was ahead. What belongs to them is refused from then on by
 * its time: no id is accepted twice, whatever the clock does. Whoever fills the own share, with long lives for example, fills nobody else's.
 */
export class SeenRequests {
  readonly #seen: Map<string, Seen>;
  readonly #bounds: SeenBounds;
  /** How many of each owner there are. */
  readonly #owned = new Map<string, number>();
  #others = 0;
  /** By {@link lineOf}: until when requests that were made are refused. */
  readonly #barred: Map<string, number>;
  /** What was forgotten. */
  readonly forgotten: ForgottenRequests;

  /**
   * @param kept from before the restart, with the time at which each expires
   * @param forgotten from before the restart
   * @param barred from before the restart
   */
  constructor(
    kept: Iterable<readonly [id: string, expiresMs: number]> = [],
    bounds: SeenBounds = SEEN_BOUNDS,
    forgotten = new ForgottenRequests(),
    barred: Iterable<readonly [line: string, untilMs: number]> = [],
  ) {
    this.#seen = new Map([...kept].map(([id, expiresMs]) => [id, { expiresMs, owner: undefined }]));
    this.#bounds = bounds;
    this.forgotten = forgotten;
    this.#barred = new Map(barred);
  }

  /** Remembers `id`, or says why it cannot be taken. @param trusted whether `nowMs` is a trusted clock's */
  admit(id: string, expiresMs: number, nowMs: number, trusted: boolean, owner: Owner): 'new' | 'repeated' | 'full' {
    if (this.isRepeated(id, expiresMs, nowMs, trusted)) return 'repeated';
    const key = id.toLowerCase();
    if (this.#seen.size >= this.#bounds.tidyFrom || this.#isFull(owner)) this.#makeRoom(nowMs, trusted);
    if (this.#isFull(owner)) return 'full';
    this.#seen.set(key, { expiresMs, owner });
    this.#count(owner, 1);
    return 'new';
  }

  /** Whether `id` was taken before, or cannot be told from one that was. @param trusted whether `nowMs` is a trusted clock's */
  isRepeated(id: string, expiresMs: number, nowMs: number, trusted: boolean): boolean {
    if (trusted) this.forgotten.isNow(nowMs);
    return this.#seen.has(id.toLowerCase()) || this.forgotten.mayHold(expiresMs);
  }

  /**
   * What a client has asked of one verb, made at `madeMs`, is refused for want of room, and so is all that it made before: not even its id can be
   * remembered, and whoever has heard it could send it again once there is room.
   */
  bar(line: string, madeMs: number, nowMs: number, trusted: boolean): void {
    if (this.#barred.size >= BARRED_MAX) this.#tidyBarred(nowMs, trusted);
    this.#barred.set(line, Math.max(madeMs, this.#barred.get(line) ?? madeMs));
  }

  /** @returns how much later than now a request of the line must be made to be taken; undefined where it may be taken */
  barredMs(line: string, madeMs: number, nowMs: number): number | undefined {
    const untilMs = this.#barred.get(line);
    return untilMs === undefined || madeMs > untilMs ? undefined : Math.max(0, untilMs - nowMs);
  }

  /** Until when what was made is refused. */
  get barred(): Iterable<readonly [line: string, untilMs: number]> {
    return this.#barred;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** The ids with the time at which each expires. */
  *all(): Iterable<readonly [id: string, expiresMs: number]> {
    for (const [id, { expiresMs }] of this.#seen) yield [id, expiresMs];
  }

  #isFull(owner: Owner): boolean {
    const { max, safety, client } = this.#bounds;
    if (this.#seen.size >= max || (this.#owned.get(nameOf(owner)) ?? 0) >= client) return true;
    return !owner.safety && this.#others >= max - safety;
  }

  #count(owner: Owner, by: 1 | -1): void {
    const name = nameOf(owner);
    const count = (this.#owned.get(name) ?? 0) + by;
    if (count > 0) this.#owned.set(name, count);
    else this.#owned.delete(name);
    if (!owner.safety) this.#others += by;
  }

  /** What was made so long ago has expired. */
  #tidyBarred(nowMs: number, trusted: boolean): void {
    if (!trusted) return;
    for (const [line, untilMs] of this.#barred) if (untilMs < nowMs - LIFETIME_MAX_MS) this.#barred.delete(line);
  }

  #makeRoom(nowMs: number, trusted: boolean): void {
    for (const [id, { expiresMs, owner }] of this.#seen) {
      const ahead = trusted && expiresMs > nowMs + 2 * LIFETIME_MAX_MS;
      if (expiresMs > nowMs && !ahead) continue;
      this.#seen.delete(id);
      if (owner) this.#count(owner, -1);
      this.forgotten.add(expiresMs);
    }
  }
}

/** What is barred together: the requests of one client for one verb. Clients are keys of the site, so there are few. */
export const lineOf = (client: string, verb: Verb): string => `${verb} ${client}`;

const nameOf = ({ client, safety }: Owner): string => `${safety ? '!' : '.'}${client}`;
