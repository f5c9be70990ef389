import type { Clock, MonotonicMs } from '../kit/clock.js';
import type { Lock } from './lock.js';

/** A change of the simulated bolt. */
export interface BoltChange {
  readonly released: boolean;
  readonly atMs: MonotonicMs;
}

/** A lock without hardware: reports every change of the bolt. */
export class SimulatedLock implements Lock {
  readonly #clock: Clock;
  readonly #onChange: (change: BoltChange) => void;
  #released = false;
  #left = false;
  #closed = false;

  constructor(clock: Clock, onChange: (change: BoltChange) => void = () => undefined) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get released(): boolean {
    return this.#released;
  }

  drive(released: boolean): void {
    if (this.#closed) throw new Error('the lock is closed');
    this.#set(released);
  }

  leaveAt(released: boolean): void {
    this.#left = released;
  }

  close(): void {
    if (this.#closed) return;
    this.#set(this.#left);
    this.#closed = true;
  }

  #set(released: boolean): void {
    if (released === this.#released) return;
    this.#released = released;
    this.#onChange({ released, atMs: this.#clock.monotonic() });
  }
}
