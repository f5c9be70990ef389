import type { Clock, Timer } from '../kit/clock.js';
import type { PeopleChange } from '../store/people-options.js';

/** What other gates changed within {@link TALLY_MS}. */
export interface SyncCounts {
  readonly changed: number;
  readonly removed: number;
}

/** A new gate takes over thousands of people in seconds: they are told together. */
export const TALLY_MS = 2_000;

/** Counts the people that were taken over from other gates. */
export class SyncTally {
  readonly #clock: Clock;
  readonly #tell: (counts: SyncCounts) => void;
  #changed = 0;
  #removed = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, tell: (counts: SyncCounts) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  note({ person, origin }: PeopleChange): void {
    if (origin !== 'site') return;
    if (person) this.#changed++;
    else this.#removed++;
    this.#timer ??= this.#clock.after(TALLY_MS, () => this.flush());
  }

  /** Tells what was counted up to now. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#changed + this.#removed === 0) return;
    this.#tell({ changed: this.#changed, removed: this.#removed });
    this.#changed = 0;
    this.#removed = 0;
  }
}
