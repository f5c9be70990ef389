import type { Clock } from '../kit/clock.js';
import { isLockedOut, NO_LOCKOUT, noteSpoof, type SpoofLockoutRule } from './spoof-lockout.js';

export interface FaceLockoutParts {
  readonly rule: SpoofLockoutRule;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** A lockout begins. @param forMs how long no face opens @param times lockouts in a row */
  readonly onLockout: (forMs: number, times: number) => void;
}

/** No face opens this gate for a while after repeated attempts with pictures. Exit button, fire and requests open as before. */
export class FaceLockout {
  readonly #parts: FaceLockoutParts;
  #lockout = NO_LOCKOUT;

  constructor(parts: FaceLockoutParts) {
    this.#parts = parts;
  }

  get active(): boolean {
    return isLockedOut(this.#lockout, this.#parts.clock.monotonic());
  }

  /** A picture was held to the camera. */
  spoofed(): void {
    const { rule, clock, onLockout } = this.#parts;
    const before = this.#lockout;
    const now = clock.monotonic();
    this.#lockout = noteSpoof(before, now, rule);
    const { untilMs, times } = this.#lockout;
    if (untilMs !== null && untilMs !== before.untilMs) onLockout(untilMs - now, times);
  }

  /** Sentences for the state. */
  problems(): readonly string[] {
    return this.active ? ['locked out after attempts to deceive'] : [];
  }
}
