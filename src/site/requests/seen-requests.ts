import { LIFETIME_MAX_MS } from '../messages.js';
import { ForgottenRequests } from './forgotten-requests.js';
import { RefusedRequests } from './refused-requests.js';

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
  /** What was forgotten. */
  readonly forgotten: ForgottenRequests;
  /** What was signed and refused: it takes none of the room of what was accepted. */
  readonly refused: RefusedRequests;

  /**
   * @param kept from before the restart, with the time at which each expires
   * @param forgotten from before the restart
   * @param refused from before the restart
   */
  constructor(
    kept: Iterable<readonly [id: string, expiresMs: number]> = [],
    bounds: SeenBounds = SEEN_BOUNDS,
    forgotten = new ForgottenRequests(),
    refused = new RefusedRequests(),
  ) {
    this.#seen = new Map([...kept].map(([id, expiresMs]) => [id, { expiresMs, owner: undefined }]));
    this.#bounds = bounds;
    this.forgotten = forgotten;
    this.refused = refused;
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

const nameOf = ({ client, safety }: Owner): string => `${safety ? '!' : '.'}${client}`;
