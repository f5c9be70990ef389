/**
 * Ids of accepted requests, each kept until the request expires. Lifetimes are limited, so a forgotten id can only come
 * back in an expired request. An id that has not expired is never dropped to make room.
 */
export class SeenRequests {
  readonly #expiry = new Map<string, number>();
  readonly #capacity: number;
  #latestMs: number;
  /** When this process started. Requests that were sent earlier may have been done before the restart. */
  readonly startedMs: number;

  constructor(startedMs: number, capacity = 1_000) {
    this.startedMs = startedMs;
    this.#latestMs = startedMs;
    this.#capacity = capacity;
  }

  /** Wall time that never goes back, so that setting the clock back revives no expired request. */
  latest(nowMs: number): number {
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    return this.#latestMs;
  }

  /** Remembers `id`, or says why it cannot be taken. */
  admit(id: string, expiresMs: number): 'new' | 'repeated' | 'full' {
    const key = id.toLowerCase();
    if (this.#expiry.has(key)) return 'repeated';
    if (this.#expiry.size >= this.#capacity) this.#forgetExpired();
    if (this.#expiry.size >= this.#capacity) return 'full';
    this.#expiry.set(key, expiresMs);
    return 'new';
  }

  get size(): number {
    return this.#expiry.size;
  }

  #forgetExpired(): void {
    for (const [id, expiresMs] of this.#expiry) if (expiresMs <= this.#latestMs) this.#expiry.delete(id);
  }
}
