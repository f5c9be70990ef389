// pure
import { centre } from '../face/geometry.js';
import type { Box } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';

/** A place in the picture where a face was clearly a picture a moment ago. */
export interface LockedPlace {
  readonly box: Box;
  /** When this row of locks began. */
  readonly sinceMs: MonotonicMs;
  readonly untilMs: MonotonicMs;
}

/** Shuts a place in the picture; how the gate shuts to all faces after several spoofs is access/spoof-lockout.ts. */
export interface PlaceLockRule {
  /** How long one clear spoof shuts its place. */
  readonly lockMs: number;
  /** How long a place stays shut in a row, however often a photo is shown: it must not shut the gate for everybody. */
  readonly rowMaxMs: number;
  /** How long a place stays open between two rows, whatever is shown there: its tracks are still judged, each by itself. */
  readonly restMs: number;
}

export const PLACE_LOCK_RULE: PlaceLockRule = { lockMs: 5000, rowMaxMs: 15_000, restMs: 5000 };

/** Places remembered at a time; more photos than this at one door forget the oldest. */
const PLACES_MAX = 8;
/** A face belongs to a place when its centre lies within so many sides of the place's own. */
const REACH = 0.75;

function isAt(place: LockedPlace, box: Box): boolean {
  const [px, py] = centre(place.box);
  const [x, y] = centre(box);
  return Math.abs(x - px) <= REACH * place.box.width && Math.abs(y - py) <= REACH * place.box.height;
}

/**
 * Shuts the place of a clear spoof, or goes on shutting it, up to `rowMaxMs` from the first of a row. The place follows
 * the picture. After a full row nothing shuts it until it has had its rest.
 */
export function lockPlace(
  places: readonly LockedPlace[],
  box: Box,
  atMs: MonotonicMs,
  rule: PlaceLockRule = PLACE_LOCK_RULE,
): readonly LockedPlace[] {
  const kept = places.filter((place) => atMs < forgottenMs(place, rule));
  if (!Number.isFinite(atMs)) return places;
  const known = kept.find((place) => isAt(place, box));
  const sinceMs = known?.sinceMs ?? atMs;
  // Never shorter than before: time that runs backwards must not open a place.
  const untilMs = Math.max(known?.untilMs ?? atMs, Math.min(atMs + rule.lockMs, sinceMs + rule.rowMaxMs));
  const place: LockedPlace = { box, sinceMs, untilMs: untilMs as MonotonicMs };
  return [...kept.filter((other) => other !== known), place].slice(-PLACES_MAX);
}

/**
 * A row ends only after a rest: a photo that is shown again right after a lock goes on with the same row. So of any 20 s
 * a place is shut for 15 at most.
 */
const forgottenMs = (place: LockedPlace, rule: PlaceLockRule): number => place.untilMs + rule.restMs;

/** Whether a face stands where a picture was shown a moment ago. NaN counts as locked. */
export const isLocked = (places: readonly LockedPlace[], box: Box, atMs: MonotonicMs): boolean =>
  places.some((place) => !(atMs >= place.untilMs) && isAt(place, box));
