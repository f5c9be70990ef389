// pure
import type { MonotonicMs, WallMs } from '../kit/clock.js';

/** What the machine says about its clock. */
export interface ClockFacts {
  /** When the network last confirmed the clock, in the time of that clock; undefined: not since boot. */
  readonly synchronisedMs: WallMs | undefined;
  /** A battery-backed clock agrees with the clock. Counts only at start: later it is set from the clock itself. */
  readonly rtcAgrees: boolean;
}

/** What must confirm the clock: the network or a battery-backed clock; the network; or nothing, for machines whose host keeps the time. */
export type ClockNeeds = 'auto' | 'synchronised' | 'unchecked';

/** Why the clock is not trusted. */
export type Distrust = 'not-synchronised' | 'set-back' | 'jumped';

export const DISTRUST_TEXT: Record<Distrust, string> = {
  'not-synchronised':
    'the clock was not set by the network since the machine was switched on, and no battery-backed clock confirms it',
  'set-back': 'the clock is behind a time that was trusted here before: set it right, or see docs/door.md, Clock',
  jumped: 'the clock was changed by a jump that no time server has confirmed yet',
};

/** The latest times at which the clock was trusted here, across restarts; null: never. A clock behind them was set back. */
export interface TrustedTimes {
  /** Confirmed by the network. */
  readonly networkMs: WallMs | null;
  /** Confirmed by something weaker, a battery-backed clock or the network long ago, which may be wrong by years: the network overrules it. */
  readonly batteryMs: WallMs | null;
}
export const NEVER_TRUSTED: TrustedTimes = { networkMs: null, batteryMs: null };

export interface ClockTrust {
  readonly needs: ClockNeeds;
  /** Confirmed once since boot, and whether by the network. */
  readonly confirmed: boolean;
  readonly byNetwork: boolean;
  /** Wall minus monotonic time as it is believed, and as it was at the last comparison. They differ only by jumps. */
  readonly believedOffsetMs: number;
  readonly lastOffsetMs: number;
  readonly comparedMs: MonotonicMs;
  /** After a jump: a confirmation from this time on ends the distrust. */
  readonly jumpedMs: WallMs | null;
  /** The confirmation known at the last comparison. */
  readonly confirmationMs: WallMs | null;
  /** A confirmation from before a jump, which proves nothing after it. */
  readonly staleMs: WallMs | null;
  readonly times: TrustedTimes;
}

/** A smaller difference is no jump: leap seconds, and the time between reading the two clocks. Milliseconds. */
export const JUMP_MS = 2000;

/** An older confirmation proves less: the clock may have been set by hand since. timesyncd confirms each half hour. */
const FRESH_MS = 60 * 60_000;

/** The first comparison, at start. @param times what is known from before the start */
export function firstComparison(
  needs: ClockNeeds,
  facts: ClockFacts,
  times: TrustedTimes,
  wall: WallMs,
  monotonic: MonotonicMs,
): ClockTrust {
  const confirmationMs = facts.synchronisedMs ?? null;
  // Confirmed in the future: the clock was put back since.
  const staleMs = confirmationMs !== null && confirmationMs > wall + JUMP_MS ? confirmationMs : null;
  const synchronised = confirmationMs !== null && staleMs === null;
  return {
    needs,
    confirmed: (needs === 'auto' && facts.rtcAgrees) || synchronised,
    byNetwork: synchronised && wall - confirmationMs <= FRESH_MS,
    believedOffsetMs: wall - monotonic,
    lastOffsetMs: wall - monotonic,
    comparedMs: monotonic,
    jumpedMs: null,
    confirmationMs,
    staleMs,
    times,
  };
}

/**
 * Compares the wall clock with the monotonic one: at each decision and at least each minute, with the newest facts known. Slow correction
 * moves both clocks alike, so their difference changes only when the wall clock is set. A clock that is set back to what it was
 * is believed again; after any other jump the network must confirm it.
 */
export function compareClocks(before: ClockTrust, facts: ClockFacts, wall: WallMs, monotonic: MonotonicMs): ClockTrust {
  const lastOffsetMs = wall - monotonic;
  const confirmationMs = facts.synchronisedMs ?? null;
  const compared = { ...before, lastOffsetMs, comparedMs: monotonic, confirmationMs };
  const jump = !near(lastOffsetMs, before.lastOffsetMs);
  const jumpedMs = jump ? ((wall - (monotonic - before.comparedMs)) as WallMs) : before.jumpedMs;
  const staleMs = jump ? before.confirmationMs : before.staleMs;
  const astray = !near(lastOffsetMs, before.believedOffsetMs);
  const valid = confirmationMs !== null && confirmationMs !== staleMs && confirmationMs <= wall + JUMP_MS;
  // Only a new confirmation changes what is believed: with an old one many small jumps would add up to a large one unseen.
  if (
    valid &&
    confirmationMs !== before.confirmationMs &&
    (!astray || (jumpedMs !== null && confirmationMs >= jumpedMs))
  )
    return { ...compared, confirmed: true, byNetwork: true, believedOffsetMs: lastOffsetMs, jumpedMs: null, staleMs };
  return { ...compared, jumpedMs: astray ? (jumpedMs ?? wall) : null, staleMs };
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= JUMP_MS;

/** Remembers a time at which the clock is trusted. @returns the same object when nothing is new */
export function noteTrusted(
  { times, byNetwork: onceByNetwork, confirmationMs }: ClockTrust,
  wall: WallMs,
): TrustedTimes {
  const byNetwork = onceByNetwork && confirmationMs !== null && wall - confirmationMs <= FRESH_MS;
  const { networkMs, batteryMs } = times;
  const later = (known: WallMs | null) => (known === null || wall > known ? wall : known);
  // A battery-backed clock that was ahead of the network's time was wrong.
  const overruled = batteryMs !== null && batteryMs > wall ? null : batteryMs;
  const now = byNetwork
    ? { networkMs: later(networkMs), batteryMs: overruled }
    : { networkMs, batteryMs: later(batteryMs) };
  return now.networkMs === networkMs && now.batteryMs === batteryMs ? times : now;
}

/** Why nothing that depends on the time may be granted now; undefined when the clock is trusted. */
export function whyDistrust(trust: ClockTrust, wall: WallMs): Distrust | undefined {
  if (trust.needs === 'unchecked') return undefined;
  if (trust.jumpedMs !== null) return 'jumped';
  const { networkMs, batteryMs } = trust.times;
  // Written with a negation so that NaN counts as behind.
  const behind = (known: WallMs | null) => known !== null && !(wall >= known - JUMP_MS);
  if (behind(networkMs) || (!trust.byNetwork && behind(batteryMs))) return 'set-back';
  return trust.confirmed ? undefined : 'not-synchronised';
}
