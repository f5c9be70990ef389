import { type Clock, type MonotonicMs, monotonicMs, type Timer, type WallMs, wallMs } from './clock.js';

/** Simulated time: stands still until {@link ManualClock.advance} moves it; timers fire in the order of their due time. */
export class ManualClock implements Clock {
  #now = 0;
  #wallOffset: number;
  #timers: { due: number; order: number; act: () => void }[] = [];
  #order = 0;

  constructor(startWallMs = Date.UTC(2026, 10, 24, 8)) {
    this.#wallOffset = startWallMs;
  }

  monotonic(): MonotonicMs {
    return monotonicMs(this.#now);
  }

  wall(): WallMs {
    return wallMs(this.#now + this.#wallOffset);
  }

  after(ms: number, act: () => void): Timer {
    const timer = { due: this.#now + ms, order: this.#order++, act };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves both clocks `ms` forward and fires the timers that become due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.due <= end)
        .sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.due);
      next.act();
    }
    this.#now = end;
  }

  /** As if the wall clock was set; the monotonic one goes on. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }
}
