// pure
import type { MonotonicMs } from '../../kit/clock.js';

/** How often something may be done: `burst` at once, and `perSecond` from then on. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Names that are told apart. Beyond that all new names share what is left. */
const NAMES_MAX = 512;
const SHARED = '';

/**
 * What each of many names has left to do, by the gate's own monotonic clock: nothing in a message moves it. Names that have not done
 * anything for long are forgotten.
 */
export class Allowance {
  readonly #rate: Rate;
  readonly #left = new Map<string, { left: number; at: MonotonicMs }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes one for `name`. @returns 0, or in how many milliseconds there is one again: then nothing was taken */
  take(name: string, now: MonotonicMs): number {
    const { burst, perSecond } = this.#rate;
    const own = this.#of(name, now);
    own.left = this.#leftOf(own, now);
    own.at = now;
    if (own.left < 1) return Math.ceil(((1 - own.left) / perSecond) * 1000);
    own.left = Math.min(burst, own.left) - 1;
    return 0;
  }

  #of(name: string, now: MonotonicMs): { left: number; at: MonotonicMs } {
    const known = this.#left.get(name);
    if (known) return known;
    if (this.#left.size >= NAMES_MAX) {
      for (const [other, own] of this.#left) if (this.#leftOf(own, now) >= this.#rate.burst) this.#left.delete(other);
    }
    if (this.#left.size >= NAMES_MAX && name !== SHARED) return this.#of(SHARED, now);
    const fresh = { left: this.#rate.burst, at: now };
    this.#left.set(name, fresh);
    return fresh;
  }

  #leftOf({ left, at }: { left: number; at: MonotonicMs }, now: MonotonicMs): number {
    return Math.min(this.#rate.burst, left + ((now - at) / 1000) * this.#rate.perSecond);
  }
}
