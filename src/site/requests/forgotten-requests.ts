// pure
import { LIFETIME_MAX_MS } from '../messages.js';

/** Spans of time that are told apart, at most: a day of them. */
export const SPANS_MAX = (24 * 60 * 60_000) / LIFETIME_MAX_MS;

/**
 * What is left of ids that were forgotten: when they expired. A request of such a time may be one of them and is refused. Times are kept
 * by span ({@link LIFETIME_MAX_MS}), so that ids that were taken while the clock was ahead refuse nothing before that time.
 */
export class ForgottenRequests {
  /** The latest expiry in each span. */
  readonly #latest = new Map<number, number>();
  /** All that expires by then may have been forgotten: the spans before the oldest that is kept. */
  #untilMs: number;

  /** @param kept from before the restart: a time in each span @param untilMs from before the restart */
  constructor(kept: Iterable<number> = [], untilMs = Number.NEGATIVE_INFINITY) {
    this.#untilMs = untilMs;
    for (const expiresMs of kept) this.add(expiresMs);
  }

  /** Ids that expire then were forgotten. */
  add(expiresMs: number): void {
    const span = Math.floor(expiresMs / LIFETIME_MAX_MS);
    this.#latest.set(span, Math.max(expiresMs, this.#latest.get(span) ?? expiresMs));
    if (this.#latest.size <= SPANS_MAX) return;
    const oldest = Math.min(...this.#latest.keys());
    this.#untilMs = Math.max(this.#untilMs, this.#latest.get(oldest) ?? this.#untilMs);
    this.#latest.delete(oldest);
  }

  /** Whether an id that expires then may be one of those. */
  mayHold(expiresMs: number): boolean {
    if (expiresMs <= this.#untilMs) return true;
    const latest = this.#latest.get(Math.floor(expiresMs / LIFETIME_MAX_MS));
    return latest !== undefined && expiresMs <= latest;
  }

  /**
   * The time is `nowMs`, beyond doubt. More than a day of spans that were forgotten while the clock was ahead must not refuse all
   * requests until then; what is timely now stays refused.
   */
  isNow(nowMs: number): void {
    this.#untilMs = Math.min(this.#untilMs, nowMs + 2 * LIFETIME_MAX_MS);
  }

  /** All that expires by then may have been forgotten, ms since 1970; -Infinity: nothing. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** The latest expiry in each later span. */
  latest(): Iterable<number> {
    return this.#latest.values();
  }
}
