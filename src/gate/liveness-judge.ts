/** Liveness of the tracks before the gate, from what each observation says of their faces. */
import type { Sighting, Track } from '../access/track.js';
import type { Config } from '../config/config.js';
import type { FaceLiveness, MeasuredFace } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';
import {
  addFrame,
  type LivenessRefusal,
  type LivenessTracks,
  type LivenessTracksRule,
  NO_LIVENESS_TRACKS,
  pictureOf,
  refusalOf,
  type TrackLiveness,
  type TrackSample,
} from '../liveness/liveness-tracks.js';
import type { PictureRule } from '../liveness/shown-pictures.js';
import type { EntryPolicy } from './entry-policy.js';

export interface LivenessJudgeParts {
  readonly config: Config['liveness'];
  readonly looksAlike: PictureRule['looksAlike'];
  readonly entry: Pick<EntryPolicy, 'extraProofMs'>;
}

/** What liveness says of one observation. */
export interface LivenessOfFrame {
  /** Of the tracks of this frame; undefined where liveness is switched off. */
  readonly byTrack: ReadonlyMap<number, TrackLiveness> | undefined;
  /** Tracks that turned out to be a picture that was not known before. */
  readonly spoofs: readonly number[];
}

/** Remembers what was seen of each track's life. Where liveness is switched off everybody passes. */
export class LivenessJudge {
  readonly #parts: LivenessJudgeParts;
  readonly #rule: LivenessTracksRule;
  #tracks: LivenessTracks = NO_LIVENESS_TRACKS;
  #newest: LivenessOfFrame = NOTHING;

  constructor(parts: LivenessJudgeParts) {
    this.#parts = parts;
    const { iapar, bpcer, timeoutMs, lockoutMs } = parts.config;
    this.#rule = {
      liveness: { iapar, bpcer, timeoutMs, lockoutMs },
      pictures: { lockoutMs, looksAlike: parts.looksAlike },
    };
  }

  /** Adds one observation. @param sightings one for each face, in the same order */
  see(
    faces: readonly MeasuredFace[],
    sightings: readonly Sighting[],
    tracks: readonly Track[],
    atMs: MonotonicMs,
  ): LivenessOfFrame {
    if (!this.#parts.config.enabled) return NOTHING;
    const samples = new Map<number, TrackSample>();
    for (const [i, { box, landmarks, liveness: seen, scene }] of faces.entries()) {
      const track = tracks.find((one) => one.box === box);
      if (!track) continue;
      const sighting = sightings[i] as Sighting;
      const liveness = sighting.fault === undefined ? seen : withoutMerit(seen);
      samples.set(track.id, { atMs, box, landmarks, liveness, scene, face: clearFace(sighting) });
    }
    const { tracks: next, byTrack, spoofs } = addFrame(this.#tracks, samples, atMs, this.#rule);
    this.#tracks = next;
    this.#newest = { byTrack, spoofs };
    return this.#newest;
  }

  /** Why the track of this person is not let in as of the newest observation; undefined: it may be. */
  refusalOf(track: number, person: string | undefined, atMs: MonotonicMs): LivenessRefusal | undefined {
    const { byTrack } = this.#newest;
    return byTrack && (refusalOf(byTrack.get(track)) ?? this.#moreProofOf(track, person, atMs));
  }

  /** What a track is that is no person. */
  pictureOf(track: number): ReturnType<typeof pictureOf> {
    return this.#newest.byTrack && pictureOf(this.#tracks, track, this.#rule);
  }

  /** Somebody whose pictures were shown a moment ago must have been alive for longer than others. */
  #moreProofOf(track: number, person: string | undefined, atMs: MonotonicMs): LivenessRefusal | undefined {
    const extraMs = person === undefined ? 0 : this.#parts.entry.extraProofMs(person);
    const sinceMs = this.#tracks.aliveSince.get(track) ?? Number.NaN;
    return extraMs === 0 || atMs - sinceMs >= extraMs ? undefined : MORE_PROOF;
  }
}

const NOTHING: LivenessOfFrame = { byTrack: undefined, spoofs: [] };

const MORE_PROOF: LivenessRefusal = {
  reason: 'liveness-unknown',
  detail: 'pictures of this person were shown a moment ago: please wait a second',
  settled: false,
};

/**
 * A face that cannot be recognised may look alive for nobody: the frames that say who it is and those that say that it lives
 * would otherwise be of two faces, one blurred or turned away and one on a picture. It may still be a picture.
 */
const withoutMerit = (liveness: FaceLiveness | undefined): FaceLiveness | undefined =>
  liveness?.kind === 'scored' && !(liveness.llr <= 0) ? { kind: 'unknown', why: 'unclear' } : liveness;

/** An embedding that says whose face it is: a blurred face resembles nobody, which must not make it another than the picture's. */
const clearFace = ({ embedding, fault }: Sighting): Float32Array | undefined =>
  fault === undefined ? embedding : undefined;
