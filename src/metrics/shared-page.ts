import type { Clock, MonotonicMs } from '../kit/clock.js';

/** A text serves whoever asks within so long: a thousand scrapes a second cost the gate one. */
const KEPT_MS = 1_000;

/** A page that is made once for all who ask at the same time, and is kept for a moment. One that could not be made is tried again by the next. */
export class SharedPage<T> {
  readonly #make: () => Promise<T>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #made: { readonly page: Promise<T>; readonly beganMs: MonotonicMs; settled: boolean } | undefined;

  constructor(make: () => Promise<T>, clock: Pick<Clock, 'monotonic'>) {
    this.#make = make;
    this.#clock = clock;
  }

  get(): Promise<T> {
    const beganMs = this.#clock.monotonic();
    if (this.#made && (!this.#made.settled || beganMs - this.#made.beganMs < KEPT_MS)) return this.#made.page;
    const made = { page: this.#make(), beganMs, settled: false };
    this.#made = made;
    made.page.then(
      () => {
        made.settled = true;
      },
      () => {
        this.#made = undefined;
      },
    );
    return made.page;
  }
}
