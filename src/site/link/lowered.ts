// pure
import type { MonotonicMs } from '../../kit/clock.js';

/** How long 3.1.1 is spoken the first time; then twice as long each time, up to the most. */
export const LOWERED_MS = 10 * 60_000;
const LOWERED_MAX_MS = 6 * 60 * 60_000;
/** A connection with MQTT 5 that lasts so long is well. */
const WELL_MS = 60_000;

/**
 * When a link speaks MQTT 3.1.1 for a while, in which a broker leaves properties out, because somebody sends messages with more of them than can be read. Such a
 * message may be retained, and would end each connection with MQTT 5: so each further try waits longer. Nobody can keep a gate there for good.
 */
export class Lowered {
  #why: string | undefined;
  #spanMs = 0;
  /** When a connection with MQTT 5 began after that. */
  #raisedAt: MonotonicMs | undefined;

  /** A message with too many properties was announced. @param why in a sentence @returns after how many milliseconds MQTT 5 is to be tried again */
  lower(why: string, now: MonotonicMs): number {
    const recovered = this.#raisedAt !== undefined && now - this.#raisedAt >= this.#spanMs;
    this.#spanMs = this.#spanMs === 0 || recovered ? LOWERED_MS : Math.min(2 * this.#spanMs, LOWERED_MAX_MS);
    this.#why = why;
    this.#raisedAt = undefined;
    return this.#spanMs;
  }

  /** A connection with MQTT 5 has begun. */
  raised(now: MonotonicMs): void {
    this.#raisedAt ??= now;
  }

  /** What is wrong, until a connection with MQTT 5 has lasted for a minute. */
  problem(now: MonotonicMs): string | undefined {
    if (this.#why === undefined || (this.#raisedAt !== undefined && now - this.#raisedAt >= WELL_MS)) return undefined;
    const minutes = Math.round(this.#spanMs / 60_000);
    return `${this.#why}, so this gate speaks MQTT 3.1.1 for ${minutes} minutes, without photos as payloads and response topics: find out who publishes that`;
  }
}
