import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../kit/clock.js';
import type { Instruments } from './instruments.js';

const RESOLUTION_MS = 20;
const EVERY_MS = 1000;

/** Measures how late the event loop is: what waits for it are button, fire and pulse. */
export class LoopDelay {
  readonly #instruments: Instruments;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #max = 0;
  #timer: Timer | undefined;

  constructor(instruments: Instruments, clock: Pick<Clock, 'after'>) {
    this.#instruments = instruments;
    this.#clock = clock;
    this.#histogram.enable();
    this.#next();
  }

  /** The longest delay since the last call, seconds. */
  takeMax(): number {
    this.#take();
    const max = this.#max;
    this.#max = 0;
    return max;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#histogram.disable();
  }

  #next(): void {
    this.#timer = this.#clock.after(EVERY_MS, () => {
      this.#instruments.observe('kaimon_event_loop_delay_seconds', this.#take());
      this.#next();
    });
  }

  /** What it records is from one look to the next, and so contains the pause between them. */
  #take(): number {
    const delay = Math.max(0, this.#histogram.max / 1e9 - RESOLUTION_MS / 1000);
    this.#histogram.reset();
    this.#max = Math.max(this.#max, delay);
    return delay;
  }
}
