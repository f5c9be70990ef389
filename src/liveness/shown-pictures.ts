// pure
import { centre, iou, SAME_FACE_IOU } from '../face/geometry.js';
import type { Box } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';

/** A picture that was shown to the camera: where, of whom, and since when it has not moved. */
export interface ShownPicture {
  /** The track that is this picture, the newest one. */
  readonly track: number;
  /** Where it was last seen. */
  readonly box: Box;
  /** Whom it shows, as an embedding; undefined where that could not be measured. */
  readonly face: Float32Array | undefined;
  readonly seenMs: MonotonicMs;
  /** When it was last clearly a picture. */
  readonly clearMs: MonotonicMs;
  /** It has not moved from here: since when, and when it was last seen just here. */
  readonly still: { readonly box: Box; readonly sinceMs: MonotonicMs; readonly lastMs: MonotonicMs };
  /** Tracks that were seen in one frame with it: they are something else. */
  readonly beside: ReadonlySet<number>;
}

/** A face of the current frame. */
export interface SeenFace {
  readonly track: number;
  readonly box: Box;
  readonly face: Float32Array | undefined;
  /** Whether this very frame shows clearly that it is a picture. */
  readonly isClear: boolean;
}

export interface PictureRule {
  /** For so long after the last clear look at a picture its place is locked, milliseconds. */
  readonly lockoutMs: number;
  /** Whether two embeddings may be of one face. */
  readonly looksAlike: (a: Float32Array, b: Float32Array) => boolean;
}

/** Nobody who comes to a place later is kept out for longer than this after the last picture there. */
export const PLACE_LOCK_MAX_MS = 5000;
/** A picture that stays in one place and is clearly one at the end as at the beginning of so long hangs there. */
export const POSTER_AFTER_MS = 20_000;
/** A box may jump for so long, as when somebody passes in front, before a poster counts as taken away. */
const MOVED_AFTER_MS = 2000;
/** A picture in the hand that is gone for longer counts as another attempt. */
const FORGET_MS = 10_000;
/** A poster that was not seen for so long, because it was dark or people stood before it, is still the same. */
const FORGET_POSTER_MS = 3_600_000;
/** Pictures remembered at a time: posters, and those seen last. Four times the faces of a frame. */
const PICTURES_MAX = 64;
/** Other tracks remembered beside one picture, the newest; as many as liveness-tracks.ts remembers. */
const BESIDE_MAX = 64;
/** A face belongs to a place when its centre lies within so many sides of the place's own. */
const REACH = 0.75;
/** Overlap (IoU) of two looks at something that has not moved: the box of a detector jitters. */
const UNMOVED_IOU = 0.6;

export const isPoster = ({ clearMs, still }: ShownPicture): boolean => clearMs - still.sinceMs >= POSTER_AFTER_MS;

/**
 * Follows the pictures from one frame to the next. A picture is known again by its track; a new track is the same picture where it
 * looks like it and stands where it was shown seconds ago, or hangs exactly where a poster does.
 * @returns the pictures, and the tracks that are one which was not known before: one attempt each
 */
export function followPictures(
  before: readonly ShownPicture[],
  seen: readonly SeenFace[],
  atMs: MonotonicMs,
  rule: PictureRule,
): { readonly pictures: readonly ShownPicture[]; readonly attempts: readonly number[] } {
  if (!Number.isFinite(atMs)) return { pictures: before, attempts: [] };
  const known = new Set<number>();
  const follow = (picture: ShownPicture): ShownPicture => {
    const own = seen.find(({ track }) => track === picture.track);
    const again = own ?? seen.find((face) => !known.has(face.track) && isIt(picture, face, atMs, rule));
    if (!again) return picture;
    // What hangs does not move: a track that has left the place of a poster is no longer the poster.
    const hasLeft = isPoster(picture) && !hangsThere(picture, again);
    if (!hasLeft || atMs - picture.still.lastMs <= MOVED_AFTER_MS) known.add(again.track);
    return hasLeft ? picture : seenAgain(picture, again, seen, atMs);
  };
  const tracks = new Set(seen.map(({ track }) => track));
  // Those whose track is seen come first: no other picture may claim it.
  const kept = before.filter((picture) => !isForgotten(picture, atMs));
  const followed = [
    ...kept.filter(({ track }) => tracks.has(track)).map(follow),
    ...kept.filter(({ track }) => !tracks.has(track)).map(follow),
  ];
  const attempts = seen.filter(({ isClear, track }) => isClear && !known.has(track));
  const pictures = [...followed, ...attempts.map((face) => seenAgain(begin(face, atMs), face, seen, atMs))];
  const rank = (picture: ShownPicture) => (isPoster(picture) ? 1 : 0);
  const newest = pictures.toSorted((a, b) => rank(a) - rank(b) || a.seenMs - b.seenMs).slice(-PICTURES_MAX);
  return { pictures: newest, attempts: attempts.map(({ track }) => track) };
}

/** Whether a face may be a picture that was shown a moment ago, and so is not let in. NaN counts as a moment ago. */
export const isLocked = (
  pictures: readonly ShownPicture[],
  face: SeenFace,
  atMs: MonotonicMs,
  rule: PictureRule,
): boolean => pictures.some((picture) => isFresh(picture, atMs, rule) && couldBe(picture, face, rule));

/** In both directions: time that runs backwards must not open a place, and a time far in the future must not lock it for ever. */
const isFresh = ({ clearMs }: ShownPicture, atMs: MonotonicMs, { lockoutMs }: PictureRule): boolean =>
  !(Math.abs(atMs - clearMs) >= Math.min(lockoutMs, PLACE_LOCK_MAX_MS));

/**
 * A screen may show one face after another, so that within the seconds of the lock everybody at its place may be it. A poster cannot:
 * of it only the look and the exact place are locked, and people who stand before it or pass by are judged by themselves.
 */
function couldBe(picture: ShownPicture, face: SeenFace, rule: PictureRule): boolean {
  if (picture.track === face.track) return true;
  if (picture.beside.has(face.track)) return false;
  return isPoster(picture) ? hangsThere(picture, face) && alike(picture, face, rule) : isAt(picture.box, face.box);
}

function isIt(picture: ShownPicture, face: SeenFace, atMs: MonotonicMs, rule: PictureRule): boolean {
  if (picture.beside.has(face.track)) return false;
  if (isPoster(picture)) return hangsThere(picture, face) && alike(picture, face, rule);
  return isFresh(picture, atMs, rule) && isAt(picture.box, face.box) && alike(picture, face, rule);
}

/** What was not measured may be anybody. */
const alike = (picture: ShownPicture, { face }: SeenFace, { looksAlike }: PictureRule): boolean =>
  picture.face === undefined || face === undefined || looksAlike(picture.face, face);

const hangsThere = ({ still }: ShownPicture, { box }: SeenFace): boolean => iou(still.box, box) >= UNMOVED_IOU;

function isAt(place: Box, box: Box): boolean {
  const [px, py] = centre(place);
  const [x, y] = centre(box);
  return Math.abs(x - px) <= REACH * place.width && Math.abs(y - py) <= REACH * place.height;
}

const isForgotten = (picture: ShownPicture, atMs: MonotonicMs): boolean =>
  Math.abs(atMs - picture.seenMs) > (isPoster(picture) ? FORGET_POSTER_MS : FORGET_MS);

const begin = ({ track, box, face }: SeenFace, atMs: MonotonicMs): ShownPicture => ({
  track,
  box,
  face,
  seenMs: atMs,
  clearMs: atMs,
  still: { box, sinceMs: atMs, lastMs: atMs },
  beside: new Set(),
});

function seenAgain(picture: ShownPicture, own: SeenFace, seen: readonly SeenFace[], atMs: MonotonicMs): ShownPicture {
  const { track, box, face, isClear } = own;
  const others = seen.filter((other) => other.track !== track && iou(other.box, box) < SAME_FACE_IOU);
  return {
    track,
    box,
    face: (isClear ? face : undefined) ?? picture.face,
    seenMs: atMs,
    clearMs: isClear ? laterOf(picture.clearMs, atMs) : picture.clearMs,
    still: hangsThere(picture, own) ? { ...picture.still, lastMs: atMs } : { box, sinceMs: atMs, lastMs: atMs },
    beside: new Set([...picture.beside, ...others.map((other) => other.track)].slice(-BESIDE_MAX)),
  };
}

/** A lock is not cut short by a frame from a moment before; a time from far in the future counts for nothing. */
const laterOf = (known: MonotonicMs, atMs: MonotonicMs): MonotonicMs =>
  known - atMs < PLACE_LOCK_MAX_MS && known > atMs ? known : atMs;
