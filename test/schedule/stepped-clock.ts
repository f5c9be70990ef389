import { type Clock, type MonotonicMs, monotonicMs, type Timer, type WallMs, wallMs } from '../../src/kit/clock.js';

/** Two turns of the event loop without a request to the system: whoever waited for one has gone on by then. */
const QUIET_TURNS = 2;
const TURNS_MAX = 10_000_000;

interface Armed {
  readonly dueMs: number;
  readonly act: () => void;
}

/**
 * Simulated time for a whole process: goes from one timer to the next, and at each of them waits until the files that it began to read or
 * write are done. So no disk is slow, and no time passes for the process but in its own timers.
 */
export class SteppedClock implements Clock {
  #nowMs = 0;
  #offsetMs: number;
  readonly #timers = new Set<Armed>();

  constructor(startWallMs: number) {
    this.#offsetMs = startWallMs;
  }

  monotonic(): MonotonicMs {
    return monotonicMs(this.#nowMs);
  }

  wall(): WallMs {
    return wallMs(this.#nowMs + this.#offsetMs);
  }

  after(ms: number, act: () => void): Timer {
    const timer = { dueMs: this.#nowMs + ms, act };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (let dueMs = this.#nextMs(); dueMs <= endMs; dueMs = this.#nextMs()) {
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      // A set is gone through in the order in which the timers were armed; one of them may cancel another.
      for (const timer of [...this.#timers]) if (timer.dueMs <= this.#nowMs && this.#timers.delete(timer)) timer.act();
      await settled();
    }
    this.#nowMs = endMs;
  }

  /** As if the wall clock was set; the monotonic one goes on. */
  jumpWall(ms: number): void {
    this.#offsetMs += ms;
  }

  #nextMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#timers) next = Math.min(next, dueMs);
    return next;
  }
}

/** Resolves when this process waits for nothing that it has asked of the system. */
export async function settled(): Promise<void> {
  let quiet = 0;
  for (let turn = 0; quiet < QUIET_TURNS; turn++) {
    if (turn > TURNS_MAX) throw new Error(`the process does not come to rest: ${process.getActiveResourcesInfo()}`);
    await new Promise(setImmediate);
    quiet = process.getActiveResourcesInfo().some((kind) => kind.includes('Req')) ? 0 : quiet + 1;
  }
}
