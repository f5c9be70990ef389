import { LIFETIME_MAX_MS } from '../messages.js';
import { ForgottenRequests } from './forgotten-requests.js';

/** Ids that are remembered, at most. */
export const SEEN_MAX = 1_000;

/**
 * Ids of accepted requests. They are forgotten only to make room for others, and only where they have expired, or expire later than any
 * request that is taken by a trusted clock: those were taken while the clock was ahead. What belongs to them is refused from then on by
 * its time: no id is accepted twice, whatever the clock does.
 */
export class SeenRequests {
  readonly #expiry: Map<string, number>;
  readonly #capacity: number;
  /** What was forgotten. */
  readonly forgotten: ForgottenRequests;

  /**
   * @param kept from before the restart, with the time at which each expires
   * @param forgotten from before the restart
   */
  constructor(
    kept: Iterable<readonly [id: string, expiresMs: number]> = [],
    capacity = SEEN_MAX,
    forgotten = new ForgottenRequests(),
  ) {
    this.#expiry = new Map(kept);
    this.#capacity = capacity;
    this.forgotten = forgotten;
  }

  /** Remembers `id`, or says why it cannot be taken. @param trusted whether `nowMs` is a trusted clock's */
  admit(id: string, expiresMs: number, nowMs: number, trusted: boolean): 'new' | 'repeated' | 'full' {
    if (trusted) this.forgotten.isNow(nowMs);
    const key = id.toLowerCase();
    if (this.#expiry.has(key) || this.forgotten.mayHold(expiresMs)) return 'repeated';
    if (this.#expiry.size >= this.#capacity) this.#makeRoom(nowMs, trusted);
    if (this.#expiry.size >= this.#capacity) return 'full';
    this.#expiry.set(key, expiresMs);
    return 'new';
  }

  get size(): number {
    return this.#expiry.size;
  }

  /** The ids with the time at which each expires. */
  all(): Iterable<readonly [id: string, expiresMs: number]> {
    return this.#expiry;
  }

  #makeRoom(nowMs: number, trusted: boolean): void {
    for (const [id, expiresMs] of this.#expiry) {
      const ahead = trusted && expiresMs > nowMs + 2 * LIFETIME_MAX_MS;
      if (expiresMs > nowMs && !ahead) continue;
      this.#expiry.delete(id);
      this.forgotten.add(expiresMs);
    }
  }
}
