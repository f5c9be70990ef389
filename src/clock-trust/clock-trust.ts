// pure
import type { MonotonicMs, WallMs } from '../kit/clock.js';

/** What the machine says of its clock. */
export interface ClockFacts {
  /** When the clock was last known to be right by the network, in the time of that clock; undefined: not since boot. */
  readonly synchronisedMs: WallMs | undefined;
  /** A battery-backed clock agrees with the clock. Counts only at start: later it is only a copy. */
  readonly rtcAgrees: boolean;
}

/** What it takes: the network or a battery-backed clock; the network; or nothing, for machines whose host keeps the time. */
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
  /** Wall minus monotonic time as it is believed, and as it was at the last look. They differ only by jumps. */
  readonly believedMs: number;
  readonly seenMs: number;
  readonly lookedMs: MonotonicMs;
  /** After a jump: a confirmation from this time on ends the distrust. */
  readonly jumpedMs: WallMs | null;
  /** The confirmation known at the last look; after a jump the old one proves nothing. */
  readonly factMs: WallMs | null;
  readonly staleMs: WallMs | null;
  readonly times: TrustedTimes;
}

/** The clock may differ from itself by so much: leap seconds, and the time between reading the two clocks. */
export const JUMP_MS = 2000;

/** A confirmation that is older may be of another time than the clock shows: somebody may have set it since. timesyncd gives one each half hour. */
const FRESH_MS = 60 * 60_000;

/** The first look, at start. @param times what is known from before the start */
export function firstComparison(
  needs: ClockNeeds,
  facts: ClockFacts,
  times: TrustedTimes,
  wall: WallMs,
  monotonic: MonotonicMs,
): ClockTrust {
  const factMs = facts.synchronisedMs ?? null;
  // Synchronised in the future: the clock was put back since.
  const staleMs = factMs !== null && factMs > wall + JUMP_MS ? factMs : null;
  const synchronised = factMs !== null && staleMs === null;
  return {
    needs,
    confirmed: (needs === 'auto' && facts.rtcAgrees) || synchronised,
    byNetwork: synchronised && wall - factMs <= FRESH_MS,
    believedMs: wall - monotonic,
    seenMs: wall - monotonic,
    lookedMs: monotonic,
    jumpedMs: null,
    factMs,
    staleMs,
    times,
  };
}

/**
 * A look at the clock: at each decision and each second, with the newest facts known. Slow correction moves both clocks
 * alike, so their difference changes only when the wall clock is set. A clock that is set back to what it was is believed
 * again; any other must be confirmed by the network after the jump.
 */
export function compareClocks(before: ClockTrust, facts: ClockFacts, wall: WallMs, monotonic: MonotonicMs): ClockTrust {
  const seenMs = wall - monotonic;
  const factMs = facts.synchronisedMs ?? null;
  const seen = { ...before, seenMs, lookedMs: monotonic, factMs };
  const jump = !near(seenMs, before.seenMs);
  const jumpedMs = jump ? ((wall - (monotonic - before.lookedMs)) as WallMs) : before.jumpedMs;
  const staleMs = jump ? before.factMs : before.staleMs;
  const astray = !near(seenMs, before.believedMs);
  const valid = factMs !== null && factMs !== staleMs && factMs <= wall + JUMP_MS;
  // Only news moves the anchor: with an old confirmation many small jumps would make an unseen large one.
  if (valid && factMs !== before.factMs && (!astray || (jumpedMs !== null && factMs >= jumpedMs)))
    return { ...seen, confirmed: true, byNetwork: true, believedMs: seenMs, jumpedMs: null, staleMs };
  return { ...seen, jumpedMs: astray ? (jumpedMs ?? wall) : null, staleMs };
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= JUMP_MS;

/** Remembers a time at which the clock is trusted. @returns the same times where that is nothing new */
export function noteTrusted({ times, byNetwork: once, factMs }: ClockTrust, wall: WallMs): TrustedTimes {
  const byNetwork = once && factMs !== null && wall - factMs <= FRESH_MS;
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
  const behind = (known: WallMs | null) => known !== null && !(wall >= known - JUMP_MS);
  if (behind(networkMs) || (!trust.byNetwork && behind(batteryMs))) return 'set-back';
  return trust.confirmed ? undefined : 'not-synchronised';
}
