// pure
import type { MonotonicMs } from '../kit/clock.js';

/** How quickly what the eye measures comes to the gate. */
export interface PaceState {
  /** When the last observation came, with a face or without. */
  readonly cameMs: MonotonicMs | undefined;
  /** How long the last late observations with a face came after the one before each of them; at most {@link LATE_MIN}. */
  readonly lateGapsMs: readonly number[];
  /** Observations with a face, one after the other, that were too old. */
  readonly late: number;
  /** The same, that were not. */
  readonly inTime: number;
  readonly lastLateMs: MonotonicMs | undefined;
  /** The figures of when it became too slow; undefined while it is fast enough. */
  readonly slow: SlowPace | undefined;
}

export interface SlowPace {
  /** Frames with a face that are measured in a second; 0: not known. */
  readonly framesPerSecond: number;
  /** How old the last of them was when the gate saw it, milliseconds. */
  readonly ageMs: number;
}

export const NO_PACE: PaceState = {
  cameMs: undefined,
  lateGapsMs: [],
  late: 0,
  inTime: 0,
  lastLateMs: undefined,
  slow: undefined,
};

/** One or two late frames are a hiccup. */
const LATE_MIN = 3;
/** So many frames in time end it… */
const IN_TIME_MIN = 5;
/** …or so long without a late one, when nobody comes any more. */
const FORGET_MS = 600_000;

/**
 * Adds one observation. Only those with a face count as late or in time, and only they say how many are measured in a
 * second: an empty picture is measured quickly everywhere.
 */
export function notePace(
  before: PaceState,
  seen: { readonly nowMs: MonotonicMs; readonly takenMs: number; readonly hasFace: boolean },
  maxAgeMs: number,
): PaceState {
  const { nowMs: cameMs, hasFace } = seen;
  const ageMs = cameMs - seen.takenMs;
  const isLate = hasFace && ageMs > maxAgeMs;
  if (!isLate && before.lastLateMs !== undefined && cameMs - before.lastLateMs > FORGET_MS)
    return { ...NO_PACE, cameMs, inTime: hasFace ? 1 : 0 };
  if (!hasFace) return { ...before, cameMs };
  if (!isLate) {
    const inTime = before.inTime + 1;
    const slow = inTime >= IN_TIME_MIN ? undefined : before.slow;
    return { ...before, cameMs, lateGapsMs: [], late: 0, inTime, slow };
  }
  const gaps = before.cameMs === undefined ? [] : [cameMs - before.cameMs];
  const lateGapsMs = [...before.lateGapsMs, ...gaps].slice(-LATE_MIN);
  const late = before.late + 1;
  const begins = late >= LATE_MIN ? { framesPerSecond: rateOf(lateGapsMs), ageMs } : undefined;
  return { cameMs, lateGapsMs, late, inTime: 0, lastLateMs: cameMs, slow: before.slow ?? begins };
}

/** By the median gap, the shorter of two: where nothing was measured for a while, because the camera was away, one gap is long. */
function rateOf(gapsMs: readonly number[]): number {
  const median = gapsMs.toSorted((a, b) => a - b)[Math.floor((gapsMs.length - 1) / 2)];
  return median === undefined || !(median > 0) ? 0 : 1000 / median;
}
