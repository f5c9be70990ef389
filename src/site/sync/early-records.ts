import type { Clock, Timer } from '../../kit/clock.js';

/** How many records from the future are kept, and how often they are tried again. */
const EARLY_MAX = 1_000;
const EARLY_MS = 60_000;

/** Records from the future, tried again until their time has come. A later record of the same id replaces an earlier one. */
export class EarlyRecords<R> {
  readonly #records = new Map<string, R>();
  readonly #clock: Clock;
  readonly #again: (id: string, record: R) => void;
  #timer: Timer | undefined;

  /** @param again tries a record once more; one that is still early must be added again */
  constructor(clock: Clock, again: (id: string, record: R) => void) {
    this.#clock = clock;
    this.#again = again;
  }

  add(id: string, record: R): void {
    if (this.#records.size < EARLY_MAX || this.#records.has(id)) this.#records.set(id, record);
    this.#timer ??= this.#clock.after(EARLY_MS, () => {
      this.#timer = undefined;
      const early = [...this.#records];
      this.#records.clear();
      for (const [one, record] of early) this.#again(one, record);
    });
  }

  delete(id: string): void {
    this.#records.delete(id);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#records.clear();
  }
}
