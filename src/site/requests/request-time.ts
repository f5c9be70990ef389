// pure
import { type MonotonicMs, type WallMs, wallMs } from '../../kit/clock.js';

/** The clocks at one moment, and whether the wall clock is trusted. */
export interface ClockReading {
  readonly wall: WallMs;
  readonly mono: MonotonicMs;
  readonly trusted: boolean;
}

/** What the time of a request is compared with. */
export interface RequestTime {
  readonly nowMs: WallMs;
  /** When this process started. Requests that were sent earlier may have been done before the restart. */
  readonly startedMs: WallMs;
  /**
   * Since when this gate hears requests without a break. What was sent before cannot have reached it by itself: a broker forgets what it
   * could not deliver to a session that ended.
   */
  readonly hearingMs?: WallMs;
  /** Whether {@link nowMs} is a trusted clock's. */
  readonly trusted: boolean;
}

/** What is remembered from one reading to the next. */
export interface KnownTime {
  readonly startedMono: MonotonicMs;
  readonly hearingMono?: MonotonicMs;
  /** A moment that had come at the monotonic time beside it; undefined: none is known. */
  readonly past: { readonly wall: WallMs; readonly mono: MonotonicMs } | undefined;
}

/** @param confirmed the network confirmed the clock then, before this start; null: not known */
export const knownAtStart = (startedMono: MonotonicMs, confirmed: WallMs | null): KnownTime => ({
  startedMono,
  past: confirmed === null ? undefined : { wall: confirmed, mono: startedMono },
});

/**
 * The time by which a request is judged. A trusted clock is believed, whatever was shown before it was trusted: a start with a wrong
 * clock spoils nothing for later. One that is not trusted is believed too, since many a site has no time server, but never behind a
 * moment that is known to have come: setting it back revives no request.
 */
export function timeOf(
  known: KnownTime,
  { wall, mono, trusted }: ClockReading,
): { known: KnownTime; time: RequestTime } {
  const { past, startedMono, hearingMono = startedMono } = known;
  const nowMs = trusted || !past ? wall : wallMs(Math.max(wall, past.wall + (mono - past.mono)));
  return {
    known: trusted ? { ...known, past: { wall, mono } } : known,
    time: {
      nowMs,
      startedMs: wallMs(nowMs - (mono - startedMono)),
      hearingMs: wallMs(nowMs - (mono - hearingMono)),
      trusted,
    },
  };
}
