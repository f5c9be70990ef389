import type { Opening } from '../config/opening.js';
import type { Clock, Timer } from '../kit/clock.js';
import type { PeopleChange } from '../store/people-options.js';
import type { PeopleStore } from '../store/people-store.js';

/** What other gates changed within {@link COUNT_MS}. */
export interface SyncCounts {
  readonly changed: number;
  readonly removed: number;
}

/** A new gate takes over thousands of people in seconds: they are reported together. */
export const COUNT_MS = 2_000;

/** Counts the people that were taken over from other gates. */
export class SyncCounter {
  readonly #clock: Clock;
  readonly #onCounted: (counts: SyncCounts) => void;
  #changed = 0;
  #removed = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, onCounted: (counts: SyncCounts) => void) {
    this.#clock = clock;
    this.#onCounted = onCounted;
  }

  /** Counts a change that came from another gate; others are ignored. */
  count({ person, origin }: PeopleChange): void {
    if (origin !== 'site') return;
    if (person) this.#changed++;
    else this.#removed++;
    this.#timer ??= this.#clock.after(COUNT_MS, () => this.flush());
  }

  /** Reports what was counted up to now. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#changed + this.#removed === 0) return;
    this.#onCounted({ changed: this.#changed, removed: this.#removed });
    this.#changed = 0;
    this.#removed = 0;
  }
}

/** Counts what is taken over into `people` from here on. */
export async function openSyncCounter(
  { clock, endings }: Opening,
  people: Pick<PeopleStore, 'onChange'>,
  onCounted: (counts: SyncCounts) => void,
): Promise<void> {
  const counter = await endings.open(
    'the counter of people from the site',
    () => new SyncCounter(clock, onCounted),
    (opened) => opened.flush(),
  );
  people.onChange((change) => counter.count(change));
}
