import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../kit/clock.js';
import type { Instruments } from './instruments.js';

const RESOLUTION_MS = 20;
const EVERY_MS = 1000;
/** The longest delay is that of so many seconds: whoever scrapes at least once a minute misses none. */
const KEPT = 60;

/** What records the delays. */
export type DelayMonitor = Pick<IntervalHistogram, 'enable' | 'disable' | 'reset' | 'max'>;

/** Measures how late the event loop is: what waits for it are button, fire and pulse. Reading it takes nothing away. */
export class LoopDelay {
  readonly #instruments: Instruments;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #monitor: DelayMonitor;
  /** Of the last seconds, the newest last. */
  #delays: readonly number[] = [];
  #timer: Timer | undefined;

  constructor(
    instruments: Instruments,
    clock: Pick<Clock, 'after'>,
    monitor: DelayMonitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
  ) {
    this.#instruments = instruments;
    this.#clock = clock;
    this.#monitor = monitor;
    this.#monitor.enable();
    this.#next();
  }

  /** The longest delay of the last minute, seconds. */
  get max(): number {
    return Math.max(this.#now, ...this.#delays);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#monitor.disable();
  }

  #next(): void {
    this.#timer = this.#clock.after(EVERY_MS, () => {
      const delay = this.#now;
      this.#monitor.reset();
      this.#instruments.observe('kaimon_event_loop_delay_seconds', delay);
      this.#delays = [...this.#delays, delay].slice(-KEPT);
      this.#next();
    });
  }

  /** Since the last second. What is recorded is from one look to the next, and so contains the pause between them. */
  get #now(): number {
    return Math.max(0, this.#monitor.max / 1e9 - RESOLUTION_MS / 1000);
  }
}
