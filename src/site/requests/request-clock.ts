import type { TrustedClock } from '../../clock-trust/trusted-clock.js';
import type { Clock } from '../../kit/clock.js';
import { type KnownTime, knownAtStart, type RequestTime, timeOf } from './request-time.js';

/** Tells the time by which requests are judged, and remembers what it must of one reading for the next. */
export class RequestClock {
  readonly #clock: Clock;
  readonly #trusted: Pick<TrustedClock, 'trusted'>;
  #known: KnownTime;

  constructor(clock: Clock, trusted: Pick<TrustedClock, 'trusted' | 'confirmedMs'>) {
    this.#clock = clock;
    this.#trusted = trusted;
    this.#known = knownAtStart(clock.monotonic(), trusted.confirmedMs);
  }

  /** From here on requests are heard: the broker is connected. */
  hears(): void {
    this.#known = { ...this.#known, hearingMono: this.#clock.monotonic() };
  }

  now(): RequestTime {
    const reading = { wall: this.#clock.wall(), mono: this.#clock.monotonic(), trusted: this.#trusted.trusted };
    const { known, time } = timeOf(this.#known, reading);
    this.#known = known;
    return time;
  }
}
