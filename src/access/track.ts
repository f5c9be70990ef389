// pure
import { iou } from '../face/geometry.js';
import type { Box } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';
import { squaredDistance } from '../person/distance.js';
import type { Claim, DatedClaim } from './evidence.js';

/** What is seen of one face in one frame. */
export interface Sighting {
  readonly box: Box;
  readonly embedding: Float32Array;
  readonly claim: Claim;
}

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
  /** The last claims, oldest first; bounded by {@link TrackRule.of}. */
  readonly claims: readonly DatedClaim[];
}

export interface TrackRule {
  /** Frames remembered. */
  readonly of: number;
  /** Overlap (IoU) from which two boxes of successive frames are one face. */
  readonly minIou: number;
  /** An embedding farther than this from the track's centre is another person. */
  readonly jumpDistance: number;
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
 * its track starts a new one, even in the same place. A frame that is not newer than a track leaves it as it is.
 */
export function followFaces(
  before: Tracks,
  sightings: readonly Sighting[],
  frame: number,
  takenMs: MonotonicMs,
  rule: TrackRule,
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
    next.push(isNewer(track, frame, takenMs) ? extend(track, sighting, frame, takenMs, rule) : track);
  }
  let { nextId } = before;
  const fresh = sightings.filter((sighting) => !taken.has(sighting)).slice(0, TRACKS_MAX - next.length);
  const unseen = alive.filter(
    (track) => !taken.has(track) && !(isNewer(track, frame, takenMs) && isDisplaced(track, sightings, rule)),
  );
  // Who is there has room: whoever is not seen makes way, the longest unseen first, so that no crowd of pictures fills the list.
  const room = TRACKS_MAX - next.length - fresh.length;
  next.push(...unseen.toSorted((a, b) => b.lastMs - a.lastMs).slice(0, Math.max(0, room)));
  next.push(...fresh.map((sighting) => begin(nextId++, sighting, frame, takenMs)));
  return { nextId, tracks: next };
}

const isNewer = (track: Track, frame: number, takenMs: MonotonicMs) =>
  frame > track.lastFrame && takenMs > track.lastMs;

function overlapOf(track: Track, sighting: Sighting, rule: TrackRule): number {
  const overlap = iou(track.box, sighting.box);
  if (overlap < rule.minIou) return 0;
  if (track.centre.length !== sighting.embedding.length) return 0;
  const near = squaredDistance(track.centre, sighting.embedding) <= rule.jumpDistance;
  return near ? overlap : 0;
}

/**
 * Whether another person clearly stands where this track was, which ends it. Otherwise two faces that take turns in one
 * place would gather evidence side by side. A face that cannot be judged ends no track: a blurred one resembles nobody.
 */
const isDisplaced = (track: Track, sightings: readonly Sighting[], rule: TrackRule): boolean =>
  sightings.some(
    ({ box, embedding, claim }) =>
      (claim.kind === 'person' || claim.reason === 'nobody' || claim.reason === 'ambiguous') &&
      iou(track.box, box) >= rule.minIou &&
      embedding.length === track.centre.length &&
      squaredDistance(track.centre, embedding) > rule.jumpDistance,
  );

const begin = (id: number, sighting: Sighting, frame: number, takenMs: MonotonicMs): Track => ({
  id,
  box: sighting.box,
  centre: sighting.embedding,
  seen: 1,
  firstMs: takenMs,
  lastMs: takenMs,
  lastFrame: frame,
  claims: [{ ...sighting.claim, takenMs }],
});

function extend(track: Track, sighting: Sighting, frame: number, takenMs: MonotonicMs, rule: TrackRule): Track {
  return {
    ...track,
    box: sighting.box,
    centre: blend(track.centre, sighting.embedding),
    seen: track.seen + 1,
    lastMs: takenMs,
    lastFrame: frame,
    claims: [...track.claims, { ...sighting.claim, takenMs }].slice(-rule.of),
  };
}

function blend(centre: Float32Array, embedding: Float32Array): Float32Array {
  const mixed = centre.map((value, i) => MEMORY * value + (1 - MEMORY) * (embedding[i] as number));
  const length = Math.sqrt(mixed.reduce((sum, value) => sum + value * value, 0));
  return length > 1e-6 ? mixed.map((value) => value / length) : embedding;
}
