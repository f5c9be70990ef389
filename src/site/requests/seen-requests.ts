import { LIFETIME_MAX_MS } from '../messages.js';

/** Ids that are remembered, at most. */
export const SEEN_MAX = 1_000;

/**
 * Ids of accepted requests. Those of expired requests are forgotten only to make room for others, and what they belong to is refused
 * from then on by its time: no id is ever accepted twice, whatever the clock does. An id that has not expired is dropped only where it
 * expires later than any request that is taken by a trusted clock: it was taken while the clock was ahead.
 */
export class SeenRequests {
  readonly #expiry: Map<string, number>;
  readonly #capacity: number;
  /** Requests that expire by then may have been forgotten. */
  #forgottenMs: number;

  /**
   * @param kept from before the restart, with the time at which each expires
   * @param forgottenMs from before the restart, see {@link forgottenMs}
   */
  constructor(
    kept: Iterable<readonly [id: string, expiresMs: number]> = [],
    capacity = SEEN_MAX,
    forgottenMs = Number.NEGATIVE_INFINITY,
  ) {
    this.#expiry = new Map(kept);
    this.#capacity = capacity;
    this.#forgottenMs = forgottenMs;
  }

  /** Remembers `id`, or says why it cannot be taken. @param trusted whether `nowMs` is a trusted clock's */
  admit(id: string, expiresMs: number, nowMs: number, trusted: boolean): 'new' | 'repeated' | 'full' {
    // What was forgotten while the clock was ahead is far from being timely again.
    if (trusted) this.#forgottenMs = Math.min(this.#forgottenMs, nowMs);
    const key = id.toLowerCase();
    if (this.#expiry.has(key) || expiresMs <= this.#forgottenMs) return 'repeated';
    if (this.#expiry.size >= this.#capacity) this.#makeRoom(nowMs, trusted);
    if (this.#expiry.size >= this.#capacity) return 'full';
    this.#expiry.set(key, expiresMs);
    return 'new';
  }

  /** Requests that expire by then may have been forgotten and are refused, ms since 1970; -Infinity: none. */
  get forgottenMs(): number {
    return this.#forgottenMs;
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
      if (trusted && expiresMs > nowMs + 2 * LIFETIME_MAX_MS) this.#expiry.delete(id);
      if (expiresMs > nowMs) continue;
      this.#expiry.delete(id);
      this.#forgottenMs = Math.max(this.#forgottenMs, expiresMs);
    }
  }
}
