// pure
import type { MonotonicMs } from '../kit/clock.js';

/**
 * After some attempts to deceive within a while no face opens for a moment. The exit button, fire and `open` by request are
 * not affected. Only clear spoofs count, never a model that failed or a face that could not be judged.
 */
export interface SpoofLockoutRule {
  /** So many spoofs… 0: never. */
  readonly spoofs: number;
  /** …within so long. */
  readonly withinMs: number;
  /** How long the first lockout lasts; each further one twice as long… */
  readonly lockMs: number;
  /** …and none longer than this. */
  readonly maxMs: number;
}

export interface SpoofLockout {
  /** When the spoofs that count happened, oldest first; fewer than {@link SpoofLockoutRule.spoofs}. */
  readonly spoofsMs: readonly MonotonicMs[];
  readonly untilMs: MonotonicMs | null;
  /** Lockouts in a row. */
  readonly times: number;
}

export const NO_LOCKOUT: SpoofLockout = { spoofsMs: [], untilMs: null, times: 0 };

/** Whether no face opens at this moment. NaN counts as locked. */
export const isLockedOut = ({ untilMs }: SpoofLockout, at: MonotonicMs): boolean =>
  untilMs !== null && !(at >= untilMs);

/**
 * Counts one clear spoof; one at NaN is not counted. What happens during a lockout does not count either, so that each lockout
 * ends at its time and nobody can shut a gate for ever by waving a photo. A row of lockouts ends when there was none for
 * `withinMs`.
 */
export function noteSpoof(before: SpoofLockout, at: MonotonicMs, rule: SpoofLockoutRule): SpoofLockout {
  if (rule.spoofs === 0 || !Number.isFinite(at) || isLockedOut(before, at)) return before;
  const times = before.untilMs !== null && at - before.untilMs <= rule.withinMs ? before.times : 0;
  const spoofsMs = [...before.spoofsMs.filter((spoof) => at - spoof < rule.withinMs), at];
  if (spoofsMs.length < rule.spoofs) return { spoofsMs, untilMs: before.untilMs, times };
  // 30 doublings are beyond any maxMs; more would be beyond any number.
  const lockMs = Math.min(rule.lockMs * 2 ** Math.min(times, 30), rule.maxMs);
  return { spoofsMs: [], untilMs: (at + lockMs) as MonotonicMs, times: times + 1 };
}
