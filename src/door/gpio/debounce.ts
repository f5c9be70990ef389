import type { Clock, Timer } from '../../kit/clock.js';

/** Passes a level on once it has lasted for a while, so that contact bounce and spikes are not noticed. */
export class Debounce {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #onStable: (level: boolean) => void;
  #stable: boolean | undefined;
  #candidate: boolean | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, ms: number, onStable: (level: boolean) => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#onStable = onStable;
  }

  level(now: boolean): void {
    if (now === this.#candidate) return;
    this.#timer?.cancel();
    this.#candidate = now;
    if (now === this.#stable) return;
    this.#timer = this.#clock.after(this.#ms, () => {
      this.#stable = now;
      this.#onStable(now);
    });
  }

  /** The next level counts as the first one. */
  reset(): void {
    this.#timer?.cancel();
    this.#stable = undefined;
    this.#candidate = undefined;
  }

  close(): void {
    this.#timer?.cancel();
  }
}
