import { type Clock, type MonotonicMs, monotonicMs, type Timer, type WallMs, wallMs } from '../../../src/kit/clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';

interface Armed {
  readonly due: number;
  readonly act: () => void;
  real: Timer;
}

/** The time of one run: the machine's, but minutes in which nothing happens can be skipped. */
export class SimTime {
  #skipped = 0;
  readonly #armed = new Set<Armed>();

  now(): MonotonicMs {
    return monotonicMs(systemClock.monotonic() + this.#skipped);
  }

  /** The right time. */
  wall(): WallMs {
    return wallMs(systemClock.wall() + this.#skipped);
  }

  after(ms: number, act: () => void): Timer {
    const armed: Armed = { due: this.now() + ms, act, real: systemClock.after(ms, () => this.#fire(armed)) };
    this.#armed.add(armed);
    return {
      cancel: () => {
        this.#armed.delete(armed);
        armed.real.cancel();
      },
    };
  }

  /** Makes `ms` pass at once: what is due by then happens now, in the order of its time. */
  skip(ms: number): void {
    this.#skipped += ms;
    const now = this.now();
    const due = [...this.#armed].sort((a, b) => a.due - b.due);
    for (const armed of due) {
      armed.real.cancel();
      if (!this.#armed.has(armed)) continue;
      if (armed.due <= now) this.#fire(armed);
      else armed.real = systemClock.after(armed.due - now, () => this.#fire(armed));
    }
  }

  #fire(armed: Armed): void {
    if (this.#armed.delete(armed)) armed.act();
  }
}

/** The clock of one gate: its wall clock may be wrong, and the gate may know that or not. */
export class GateClock implements Clock {
  readonly #time: SimTime;
  /** How far ahead of the right time it is. */
  offsetMs = 0;
  trusted = true;
  readonly confirmedMs = null;

  constructor(time: SimTime) {
    this.#time = time;
  }

  /** Whether the gate believes in a wrong time. */
  get misled(): boolean {
    return this.trusted && this.offsetMs !== 0;
  }

  monotonic(): MonotonicMs {
    return this.#time.now();
  }

  wall(): WallMs {
    return wallMs(this.#time.wall() + this.offsetMs);
  }

  after(ms: number, act: () => void): Timer {
    return this.#time.after(ms, act);
  }
}
