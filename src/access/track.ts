// pure
import { iou } from '../face/geometry.js';
import type { Box } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';
import { meanDirection } from '../kit/vector.js';
import { squaredDistance } from '../person/distance.js';
import type { Claim, DatedClaim, NoClaim } from './evidence.js';

/** A face of one frame that can be compared. */
export interface ComparableFace {
  readonly embedding: Float32Array;
  /** What it counts in the mean of a track, above 0. */
  readonly weight: number;
}

/** What is seen of one face in one frame. */
export interface Sighting extends ComparableFace {
  readonly box: Box;
  /** Why the face cannot be compared; undefined when it can. */
  readonly fault: NoClaim | undefined;
}

/** Says whom the frames of one track show, all of them together. @param recent oldest first, the newest always among them */
export type Identify = (recent: readonly ComparableFace[]) => Claim;

/** One person in front of the camera, followed over frames. */
export interface Track {
  readonly id: number;
  readonly box: Box;
  /** Mean direction of the embeddings so far, unit length: stands for this track's person, known or not. */
  readonly centre: Float32Array;
  /** Frames in which it was seen. */
  readonly seen: number;
  readonly firstMs: MonotonicMs;
  readonly lastMs: MonotonicMs;
  readonly lastFrame: number;
  /** What the last frames could be compared by, oldest first, one a frame; undefined: not at all. Bounded by {@link TrackRule.of}. */
  readonly recent: readonly (ComparableFace | undefined)[];
  /** What the track meant at each of these frames. */
  readonly claims: readonly DatedClaim[];
}

export interface TrackRule {
  /** Frames remembered. */
  readonly of: number;
  /** Overlap (IoU) from which two boxes of successive frames are one face. */
  readonly minIou: number;
  /** An embedding farther than this from the track's centre is another person. */
  readonly jumpDistance: number;
  /** The same for a face that cannot be judged: blurred or turned away, it resembles its own person less. */
  readonly faultyJumpDistance: number;
  /** A track not seen for so long is over. */
  readonly lostMs: number;
}

export interface Tracks {
  readonly nextId: number;
  readonly tracks: readonly Track[];
}

export const NO_TRACKS: Tracks = { nextId: 1, tracks: [] };

/** Weight of the past in a track's centre: about ten frames. */
const MEMORY = 0.9;
/** Tracks kept at a time; more people than this are not told apart at one door. */
const TRACKS_MAX = 32;

/**
 * Follows faces from one frame to the next. Pairs are taken best overlap first; a face whose embedding jumped away from
 * its track starts a new one, even in the same place. A frame that is not newer than a track leaves it as it is. Each face
 * that can be compared is identified once, together with the last frames of its track.
 */
export function followFaces(
  before: Tracks,
  sightings: readonly Sighting[],
  frame: number,
  takenMs: MonotonicMs,
  rule: TrackRule,
  identify: Identify,
): Tracks {
  const alive = before.tracks.filter((track) => takenMs - track.lastMs <= rule.lostMs);
  const pairs = alive
    .flatMap((track) => sightings.map((sighting) => ({ track, sighting, overlap: overlapOf(track, sighting, rule) })))
    .filter((pair) => pair.overlap > 0)
    .sort((a, b) => b.overlap - a.overlap);
  const taken = new Set<Track | Sighting>();
  const next: Track[] = [];
  for (const { track, sighting } of pairs) {
    if (taken.has(track) || taken.has(sighting)) continue;
    taken.add(track);
    taken.add(sighting);
    next.push(isNewer(track, frame, takenMs) ? extend(track, sighting, frame, takenMs, rule, identify) : track);
  }
  let { nextId } = before;
  const fresh = sightings.filter((sighting) => !taken.has(sighting)).slice(0, TRACKS_MAX - next.length);
  const unseen = alive.filter(
    (track) => !taken.has(track) && !(isNewer(track, frame, takenMs) && isDisplaced(track, sightings, rule)),
  );
  // Who is there has room: whoever is not seen makes way, the longest unseen first, so that no crowd of pictures fills the list.
  const room = TRACKS_MAX - next.length - fresh.length;
  next.push(...unseen.toSorted((a, b) => b.lastMs - a.lastMs).slice(0, Math.max(0, room)));
  next.push(...fresh.map((sighting) => begin(nextId++, sighting, frame, takenMs, identify)));
  return { nextId, tracks: next };
}

/**
 * Keeps the tracks of faces that were followed and not measured where they are now. It adds nothing to what is known of them: the next
 * face that is measured there must be like the track's, or it begins another. Pairs are taken best overlap first.
 */
export function moveTracks(
  before: Tracks,
  boxes: readonly Box[],
  frame: number,
  takenMs: MonotonicMs,
  rule: Pick<TrackRule, 'minIou' | 'lostMs'>,
): Tracks {
  const alive = before.tracks.filter((track) => takenMs - track.lastMs <= rule.lostMs);
  const pairs = alive
    .filter((track) => isNewer(track, frame, takenMs))
    .flatMap((track) => boxes.map((box) => ({ track, box, overlap: iou(track.box, box) })))
    .filter(({ overlap }) => overlap >= rule.minIou)
    .sort((a, b) => b.overlap - a.overlap);
  const places = new Map<Track, Box>();
  for (const { track, box } of pairs)
    if (!places.has(track) && ![...places.values()].includes(box)) places.set(track, box);
  return {
    ...before,
    tracks: alive.map((track) => {
      const box = places.get(track);
      return box ? { ...track, box, lastMs: takenMs, lastFrame: frame } : track;
    }),
  };
}

const isNewer = (track: Track, frame: number, takenMs: MonotonicMs) =>
  frame > track.lastFrame && takenMs > track.lastMs;

function overlapOf(track: Track, sighting: Sighting, rule: TrackRule): number {
  const overlap = iou(track.box, sighting.box);
  if (overlap < rule.minIou) return 0;
  if (track.centre.length !== sighting.embedding.length) return 0;
  const far = sighting.fault ? rule.faultyJumpDistance : rule.jumpDistance;
  return squaredDistance(track.centre, sighting.embedding) <= far ? overlap : 0;
}

/**
 * Whether another person clearly stands where this track was, which ends it. Otherwise two faces that take turns in one
 * place would gather evidence side by side. A face that cannot be judged ends no track: a blurred one resembles nobody.
 */
const isDisplaced = (track: Track, sightings: readonly Sighting[], rule: TrackRule): boolean =>
  sightings.some(
    ({ box, embedding, fault }) =>
      fault === undefined &&
      iou(track.box, box) >= rule.minIou &&
      embedding.length === track.centre.length &&
      squaredDistance(track.centre, embedding) > rule.jumpDistance,
  );

function begin(id: number, sighting: Sighting, frame: number, takenMs: MonotonicMs, identify: Identify): Track {
  const { box, embedding, fault } = sighting;
  const recent = [comparableOf(sighting)];
  const claims = [{ ...claimOf(fault, recent, identify), takenMs }];
  return { id, box, centre: embedding, seen: 1, firstMs: takenMs, lastMs: takenMs, lastFrame: frame, recent, claims };
}

/** A blurred face resembles nobody: it must not carry a track from one person to another, and gives way to the first clear one. */
function centreWith(track: Track, { embedding, fault }: Sighting): Float32Array {
  if (fault) return track.centre;
  if (track.recent.every((face) => face === undefined)) return embedding;
  return meanDirection([track.centre, embedding], [MEMORY, 1 - MEMORY]) ?? embedding;
}

function extend(
  track: Track,
  sighting: Sighting,
  frame: number,
  takenMs: MonotonicMs,
  rule: TrackRule,
  identify: Identify,
): Track {
  const recent = [...track.recent, comparableOf(sighting)].slice(-rule.of);
  return {
    ...track,
    box: sighting.box,
    centre: centreWith(track, sighting),
    seen: track.seen + 1,
    lastMs: takenMs,
    lastFrame: frame,
    recent,
    claims: [...track.claims, { ...claimOf(sighting.fault, recent, identify), takenMs }].slice(-rule.of),
  };
}

const comparableOf = ({ embedding, weight, fault }: Sighting): ComparableFace | undefined =>
  fault ? undefined : { embedding, weight };

const claimOf = (
  fault: NoClaim | undefined,
  recent: readonly (ComparableFace | undefined)[],
  identify: Identify,
): Claim => fault ?? identify(recent.filter((face) => face !== undefined));
