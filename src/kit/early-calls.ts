/** Keeps what happens until somebody listens, then tells it in its order. Bounded, so that a fault that repeats does not fill the memory. */
export class EarlyCalls<Listener> {
  readonly #max: number;
  readonly #early: ((listener: Listener) => void)[] = [];
  #listener: Listener | undefined;
  #lost = 0;

  /** @param max the most that is kept; what comes after it is counted and dropped */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether somebody listens. */
  get heard(): boolean {
    return this.#listener !== undefined;
  }

  tell(call: (listener: Listener) => void): void {
    if (this.#listener) call(this.#listener);
    else if (this.#early.length < this.#max) this.#early.push(call);
    else this.#lost++;
  }

  /** From now on calls are kept again. */
  forget(): void {
    this.#listener = undefined;
  }

  /** @returns how many calls did not fit */
  listen(listener: Listener): number {
    // The listener is noted last: what a call brings about must not be told before the calls that came earlier.
    for (let call = this.#early.shift(); call; call = this.#early.shift()) call(listener);
    this.#listener = listener;
    return this.#lost;
  }
}
