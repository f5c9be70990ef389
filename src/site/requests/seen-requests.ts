/** Ids that are remembered, at most. */
export const SEEN_MAX = 1_000;

/**
 * Ids of accepted requests. Those of expired requests are forgotten only to make room for others, and what they belong to is refused
 * from then on by its time: no id is ever accepted twice, whatever the clock does. An id that has not expired is never dropped.
 */
export class SeenRequests {
  readonly #expiry: Map<string, number>;
  readonly #capacity: number;
  /** Requests that expire by then may have been forgotten. */
  #forgottenMs = Number.NEGATIVE_INFINITY;

  /** @param kept from before the restart, with the time at which each expires */
  constructor(kept: Iterable<readonly [id: string, expiresMs: number]> = [], capacity = SEEN_MAX) {
    this.#expiry = new Map(kept);
    this.#capacity = capacity;
  }

  /** Remembers `id`, or says why it cannot be taken. */
  admit(id: string, expiresMs: number, nowMs: number): 'new' | 'repeated' | 'full' {
    const key = id.toLowerCase();
    if (this.#expiry.has(key) || expiresMs <= this.#forgottenMs) return 'repeated';
    if (this.#expiry.size >= this.#capacity) this.#forgetExpired(nowMs);
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

  #forgetExpired(nowMs: number): void {
    for (const [id, expiresMs] of this.#expiry) {
      if (expiresMs > nowMs) continue;
      this.#expiry.delete(id);
      this.#forgottenMs = Math.max(this.#forgottenMs, expiresMs);
    }
  }
}
