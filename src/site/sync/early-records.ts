import type { Clock, Timer } from '../../kit/clock.js';

/** How many records from the future are kept, and how often they are tried again. */
const EARLY_MAX = 1_000;
const EARLY_MS = 60_000;

/**
 * Records from the future, looked at again until their time has come. A later record of the same id replaces an earlier one. Kept as they came,
 * with their signatures: whose key was revoked meanwhile is then refused.
 */
export class EarlyRecords {
  readonly #payloads = new Map<string, Uint8Array>();
  readonly #clock: Clock;
  readonly #again: (id: string, payload: Uint8Array) => void;
  #timer: Timer | undefined;

  /** @param again reads a record once more, signature and all; one that is still early must be added again */
  constructor(clock: Clock, again: (id: string, payload: Uint8Array) => void) {
    this.#clock = clock;
    this.#again = again;
  }

  add(id: string, payload: Uint8Array): void {
    // A copy: what arrived is a view of all that arrived with it.
    if (this.#payloads.size < EARLY_MAX || this.#payloads.has(id)) this.#payloads.set(id, Uint8Array.from(payload));
    this.#timer ??= this.#clock.after(EARLY_MS, () => {
      this.#timer = undefined;
      const early = [...this.#payloads];
      this.#payloads.clear();
      for (const [one, kept] of early) this.#again(one, kept);
    });
  }

  delete(id: string): void {
    this.#payloads.delete(id);
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#payloads.clear();
  }
}
