// pure
import type { MonotonicMs } from '../kit/clock.js';

/** How quickly what the eye measures comes to the gate. */
export interface PaceState {
  /** When the last observations came, oldest first; at most {@link COUNTED}. */
  readonly cameMs: readonly MonotonicMs[];
  /** Observations with a face, one after the other, that were too old. */
  readonly late: number;
  /** The same, that were not. */
  readonly inTime: number;
  readonly lastLateMs: MonotonicMs | undefined;
  /** The figures of when it became too slow; undefined while it is fast enough. */
  readonly slow: SlowPace | undefined;
}

export interface SlowPace {
  /** Frames that are measured in a second. */
  readonly framesPerSecond: number;
  /** How old the last of them was when the gate saw it, milliseconds. */
  readonly ageMs: number;
}

export const NO_PACE: PaceState = { cameMs: [], late: 0, inTime: 0, lastLateMs: undefined, slow: undefined };

/** Observations by which frames a second are counted. */
const COUNTED = 10;
/** One or two late frames are a hiccup. */
const LATE_MIN = 3;
/** So many frames in time end it… */
const IN_TIME_MIN = 5;
/** …or so long without a late one, when nobody comes any more. */
const FORGET_MS = 600_000;

/** Adds one observation. Only those with a face count as late or in time: an empty picture is measured quickly everywhere. */
export function notePace(
  before: PaceState,
  seen: { readonly nowMs: MonotonicMs; readonly takenMs: number; readonly hasFace: boolean },
  maxAgeMs: number,
): PaceState {
  const { nowMs, hasFace } = seen;
  const ageMs = nowMs - seen.takenMs;
  const cameMs = [...before.cameMs, nowMs].slice(-COUNTED);
  const isLate = hasFace && ageMs > maxAgeMs;
  const late = isLate ? before.late + 1 : hasFace ? 0 : before.late;
  const inTime = isLate ? 0 : hasFace ? before.inTime + 1 : before.inTime;
  const lastLateMs = isLate ? nowMs : before.lastLateMs;
  const isOver = inTime >= IN_TIME_MIN || (lastLateMs !== undefined && nowMs - lastLateMs > FORGET_MS);
  const begins = { framesPerSecond: rateOf(cameMs), ageMs };
  const slow = before.slow ? (isOver ? undefined : before.slow) : late >= LATE_MIN ? begins : undefined;
  return { cameMs, late, inTime, lastLateMs, slow };
}

function rateOf(cameMs: readonly MonotonicMs[]): number {
  const [first, last] = [cameMs[0], cameMs.at(-1)];
  if (first === undefined || last === undefined || !(last > first)) return 0;
  return ((cameMs.length - 1) * 1000) / (last - first);
}
