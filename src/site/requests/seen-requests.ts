/**
 * Ids of accepted requests, each kept until the request's own expiry. As lifetimes are bounded, an id that was
 * forgotten can only come back in a request that is expired. An unexpired id is never pushed out.
 */
export class SeenRequests {
  readonly #expiry = new Map<string, number>();
  readonly #capacity: number;
  #latestMs: number;
  /** A request sent before this moment may have been done by this gate's previous process. */
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
