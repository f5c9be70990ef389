// pure
import type { Config } from '../../config/config.js';
import type { MonotonicMs } from '../../kit/clock.js';
import { iou } from '../geometry.js';
import type { Box, Point } from '../observation.js';
import { isDoubtful, isNear, type Sight } from './continuity.js';

/** How much of a frame is measured: `faces.everyFrame` and `faces.pace` of the configuration. */
export type Pace = Config['faces']['pace'] & Pick<Config['faces'], 'everyFrame'>;

/** A face that is followed from one frame to the next. */
export interface KnownFace {
  /** Never used twice. What is in doubt gets another one. */
  readonly number: number;
  /** Where it was in the last frame. */
  readonly box: Box;
  /** 68, in the frame in which they were found, and the box that it had there. */
  readonly landmarks: readonly Point[];
  readonly landmarksBox: Box;
  /** What it looked like when the networks last found it, and when everything was last measured on it. */
  readonly sight: Sight;
  readonly measuredSight: Sight;
}

/** What is known of the frames so far. */
export interface Watching {
  readonly nextNumber: number;
  readonly faces: readonly KnownFace[];
  /** Faces on which the gate has nothing left to decide; it says so anew after each whole frame. */
  readonly settled: ReadonlySet<number>;
  /** When the last frame was taken, and the last one on which everything was measured. */
  readonly lastMs: MonotonicMs | undefined;
  readonly wholeMs: MonotonicMs | undefined;
  /** Frames since then. */
  readonly since: number;
  /** When the cascade last looked. */
  readonly searchedMs: MonotonicMs | undefined;
  /** Whether the networks found the known faces in the last frame: they do in every second one at least. */
  readonly foundLast: boolean;
  /** When a face was last seen, or something moved. */
  readonly restlessMs: MonotonicMs | undefined;
}

export const NOTHING_WATCHED: Watching = {
  nextNumber: 1,
  faces: [],
  settled: new Set(),
  lastMs: undefined,
  wholeMs: undefined,
  since: 0,
  searchedMs: undefined,
  foundLast: true,
  restlessMs: undefined,
};

/**
 * `whole`: the cascade looks over the whole frame, and everything is measured on every face: the only frames that anything is decided on.
 * `search`: the cascade looks, because something moved; what is new makes it a whole one. `follow`: the known faces are found again.
 * `glance`: the same, but a face that looks in its place as it did is not looked for.
 */
export type Step = 'whole' | 'search' | 'follow' | 'glance';

/** However long the pace allows: after so many frames one is whole. */
export const FRAMES_MAX = 20;
/** Frames farther apart do not show that it is still the same face. */
export const GAP_MAX_MS = 400;
/**
 * Somebody who is there is looked at again before the last look is older than this: what they are enrolled or verified by must not be
 * older than a second when the gate has it, also where frames are far apart.
 */
const LOOK_MAX_MS = 900;
/** Where faces are known and something moves all the time, the cascade looks so often: who comes is looked at that much later. */
export const SEARCH_MS = 190;
/** For so long after something was there the empty frame is searched as if somebody was there. */
const RESTLESS_MS = 2000;

/** What is done with a frame. @param moved whether something moved beside the known faces since the last search */
export function stepFor(before: Watching, atMs: MonotonicMs, moved: boolean, pace: Pace): Step {
  const { faces, lastMs, wholeMs, since, searchedMs, foundLast } = before;
  if (pace.everyFrame === 'full' || lastMs === undefined || wholeMs === undefined) return 'whole';
  // Written so that NaN, and a time that does not go on, make a whole frame.
  if (!(atMs > lastMs && atMs - lastMs <= GAP_MAX_MS)) return 'whole';
  if (since + 1 >= FRAMES_MAX || !(atMs - wholeMs < periodOf(before, atMs, pace))) return 'whole';
  if (faces.some((face, i) => faces.slice(i + 1).some((other) => isNear(face.box, other.box)))) return 'whole';
  if (faces.length === 0) return moved ? 'whole' : 'follow';
  // The next frame comes as long after this one as this one after the last.
  if (2 * atMs - lastMs - wholeMs > LOOK_MAX_MS) return 'whole';
  if (moved && !(searchedMs !== undefined && atMs - searchedMs < SEARCH_MS)) return 'search';
  return foundLast && areSettled(before) ? 'glance' : 'follow';
}

const areSettled = ({ faces, settled }: Watching): boolean => faces.every(({ number }) => settled.has(number));

/** How long frames may be followed only. One face that is not settled is enough: who is let in depends on all of them. */
function periodOf(before: Watching, atMs: MonotonicMs, pace: Pace): number {
  const { faces, restlessMs } = before;
  if (!areSettled(before)) return pace.decidingMs;
  if (faces.length > 0) return pace.settledMs;
  const restless = restlessMs === undefined || atMs - restlessMs < RESTLESS_MS;
  return restless ? pace.decidingMs : pace.emptyMs;
}

/** A face as it was found again, and what it looks like there. */
export interface FoundFace {
  readonly box: Box;
  readonly sight: Sight;
}

/**
 * The known faces where they are now, in their order; undefined when one is missing or in doubt, when one is new, or when two have come
 * near each other: then everything is measured. @param found all faces of the frame
 */
export function followed(known: readonly KnownFace[], found: readonly FoundFace[]): readonly KnownFace[] | undefined {
  if (known.length !== found.length) return undefined;
  const now: KnownFace[] = [];
  for (const face of known) {
    const own = nearestTo(face.box, found);
    if (!own || isDoubtful(face, own) || now.some(({ box }) => box === own.box || isNear(box, own.box)))
      return undefined;
    now.push({ ...face, box: own.box, sight: own.sight });
  }
  return now;
}

function nearestTo<T extends { readonly box: Box }>(box: Box, found: readonly T[]): T | undefined {
  return found.reduce<T | undefined>(
    (best, one) => (iou(box, one.box) > (best ? iou(box, best.box) : 0) ? one : best),
    undefined,
  );
}

/** After a frame that was followed only. @param step what was done with it */
export const afterFollowing = (
  before: Watching,
  faces: readonly KnownFace[],
  atMs: MonotonicMs,
  { step, moved }: { readonly step: Step; readonly moved: boolean },
): Watching => ({
  ...before,
  faces,
  lastMs: atMs,
  since: before.since + 1,
  searchedMs: step === 'search' ? atMs : before.searchedMs,
  foundLast: step !== 'glance',
  restlessMs: moved || faces.length > 0 ? atMs : before.restlessMs,
});

/** A face that everything was measured on. */
export interface LookedAt extends FoundFace {
  readonly landmarks: readonly Point[];
}

/**
 * After a whole frame: each face keeps its number where it is beyond doubt the one it was, and gets a new one otherwise. Nothing is
 * settled any more until the gate says so.
 */
export function afterWhole(before: Watching, looked: readonly LookedAt[], atMs: MonotonicMs, moved: boolean): Watching {
  const isNext = before.lastMs !== undefined && atMs > before.lastMs && atMs - before.lastMs <= GAP_MAX_MS;
  const free = new Set(isNext ? before.faces : []);
  let { nextNumber } = before;
  const faces = looked.map(({ box, sight, landmarks }): KnownFace => {
    const own = nearestTo(box, [...free]);
    const isSame = own !== undefined && !isDoubtful(own, { box, sight });
    if (isSame) free.delete(own);
    return {
      number: isSame ? own.number : nextNumber++,
      box,
      sight,
      measuredSight: sight,
      landmarks,
      landmarksBox: box,
    };
  });
  return {
    nextNumber,
    faces,
    settled: new Set(),
    lastMs: atMs,
    wholeMs: atMs,
    since: 0,
    searchedMs: atMs,
    foundLast: true,
    restlessMs: moved || faces.length > 0 ? atMs : (before.restlessMs ?? atMs),
  };
}

/** What the gate says of the newest whole frame. A word about faces that are gone, or were in doubt since, changes nothing. */
export const afterSettling = (before: Watching, numbers: readonly number[]): Watching => ({
  ...before,
  settled: new Set(numbers.filter((number) => before.faces.some((face) => face.number === number))),
});
