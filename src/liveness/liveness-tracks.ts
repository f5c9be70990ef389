// pure
import type { MonotonicMs } from '../kit/clock.js';
import { hintOf } from './doubt.js';
import type { FaceSample } from './face-sample.js';
import { LIVENESS_RULE, type LivenessRule } from './liveness-rule.js';
import {
  followPictures,
  isLocked,
  isPoster,
  type PictureRule,
  PLACE_LOCK_MAX_MS,
  type SeenFace,
  type ShownPicture,
} from './shown-pictures.js';
import { addSample, type LivenessState, type Verdict, verdictOf } from './verdict.js';

/** Liveness of all tracks of one camera. */
export interface LivenessTracks {
  readonly states: ReadonlyMap<number, LivenessState>;
  readonly pictures: readonly ShownPicture[];
  /** When a track was first alive; it is forgotten when the track turns out to be a picture, or stands where one was. */
  readonly aliveSince: ReadonlyMap<number, MonotonicMs>;
}

export const NO_LIVENESS_TRACKS: LivenessTracks = { states: new Map(), pictures: [], aliveSince: new Map() };

/** What one frame shows of one track. */
export interface TrackSample extends FaceSample {
  /** The embedding of this face; undefined where none could be measured, which may be anybody's. */
  readonly face?: Float32Array | undefined;
}

/** A track's verdict, or that it may be a picture that was shown there a moment ago, or that it is one that hangs there. */
export type TrackLiveness = Verdict | { readonly kind: 'locked-place' } | { readonly kind: 'poster' };

export interface LivenessUpdate {
  readonly tracks: LivenessTracks;
  /** One for every track seen in this frame. */
  readonly byTrack: ReadonlyMap<number, TrackLiveness>;
  /** Tracks that turned out with this frame to be a picture that was not known before: one attempt each. */
  readonly spoofs: readonly number[];
}

export interface LivenessTracksRule {
  readonly liveness: LivenessRule;
  readonly pictures: PictureRule;
}

/** Without embeddings every face may be that of the picture. */
export const LIVENESS_TRACKS_RULE: LivenessTracksRule = {
  liveness: LIVENESS_RULE,
  pictures: { lockoutMs: PLACE_LOCK_MAX_MS, looksAlike: () => true },
};

/** Tracks unseen for this long are forgotten; a track's number is never used again. */
const FORGET_MS = 10_000;
/** Tracks remembered at a time, the newest; twice as many as access/track.ts follows. */
const TRACKS_MAX = 64;

/**
 * Adds one frame: the samples of the tracks seen in it, by track. A clear picture locks its place for a moment, for tracks of the
 * frame that were judged before it and those after it alike.
 */
export function addFrame(
  before: LivenessTracks,
  samples: ReadonlyMap<number, TrackSample>,
  atMs: MonotonicMs,
  rule: LivenessTracksRule = LIVENESS_TRACKS_RULE,
): LivenessUpdate {
  const states = new Map([...before.states].filter(([, known]) => !(atMs - known.lastMs > FORGET_MS)));
  const verdicts = new Map<number, Verdict>();
  const seen: SeenFace[] = [];
  for (const [track, sample] of samples) {
    const known = before.states.get(track);
    const next = addSample(known, sample, rule.liveness);
    if (next) states.set(track, next);
    verdicts.set(track, verdictOf(next, rule.liveness));
    seen.push({ track, box: sample.box, face: sample.face, isClear: isClearPicture(known, next) });
  }
  const { pictures, attempts } = followPictures(before.pictures, seen, atMs, rule.pictures);
  const byTrack = new Map<number, TrackLiveness>();
  const aliveSince = new Map<number, MonotonicMs>([...before.aliveSince].filter(([track]) => states.has(track)));
  for (const face of seen) {
    const { track } = face;
    const verdict = verdicts.get(track) as Verdict;
    const refused = verdict.kind === 'spoof' || isLocked(pictures, face, atMs, rule.pictures);
    const hangs = pictures.some((picture) => picture.track === track && isPoster(picture));
    const judged = refused && hangs ? POSTER : refused && verdict.kind !== 'spoof' ? LOCKED_PLACE : verdict;
    byTrack.set(track, judged);
    // A frame that is not clear takes nothing back: otherwise who shows pictures of somebody could keep them waiting.
    if (judged.kind !== 'live' && judged.kind !== 'undecided') aliveSince.delete(track);
    else if (judged.kind === 'live' && !aliveSince.has(track) && Number.isFinite(atMs)) aliveSince.set(track, atMs);
  }
  const newest = [...states].sort(([, a], [, b]) => a.lastMs - b.lastMs).slice(-TRACKS_MAX);
  return { tracks: { states: new Map(newest), pictures, aliveSince }, byTrack, spoofs: attempts };
}

const LOCKED_PLACE = { kind: 'locked-place' } as const;
const POSTER = { kind: 'poster' } as const;

/** Whether this very sample was clearly a picture, not merely one of the seconds before it. */
const isClearPicture = (known: LivenessState | undefined, next: LivenessState | undefined): boolean =>
  next !== undefined && next !== known && next.spoofUntilMs !== known?.spoofUntilMs;

/**
 * What a track is that is no person: a picture, or one that hangs there. Also of a track that this frame missed. What did not look
 * alive in all the time that it had is taken for a picture here, where it would stand in the way of others.
 * @returns undefined for a person, and for what may be one
 */
export function pictureOf(
  { states, pictures }: LivenessTracks,
  track: number,
  rule: LivenessTracksRule = LIVENESS_TRACKS_RULE,
): 'picture' | 'poster' | undefined {
  const verdict = verdictOf(states.get(track), rule.liveness);
  const { kind } = verdict;
  // A poster is one also while it is not clearly a picture; only a living face is none.
  if (kind !== 'live' && pictures.some((picture) => picture.track === track && isPoster(picture))) return 'poster';
  return kind === 'spoof' || (verdict.kind === 'undecided' && verdict.timedOut) ? 'picture' : undefined;
}

/** Why a track is not let in, for the decision. */
export interface LivenessRefusal {
  readonly reason: 'spoof' | 'liveness-unknown' | 'lockout';
  /** A sentence for people, where there is more to say than the reason does. */
  readonly detail: string | undefined;
  /** False while a verdict may still come, and for what was reported long ago. */
  readonly settled: boolean;
}

/** A track's liveness as the decision sees it: undefined to go on, or why not. No liveness counts as not measured. */
export function refusalOf(liveness: TrackLiveness | undefined): LivenessRefusal | undefined {
  switch (liveness?.kind) {
    case 'live':
      return undefined;
    case 'spoof':
      return { reason: 'spoof', detail: undefined, settled: true };
    case 'poster':
      return { reason: 'spoof', detail: 'this is a picture that hangs here', settled: false };
    case 'locked-place':
      return { reason: 'lockout', detail: undefined, settled: true };
    case 'undecided':
      return { reason: 'liveness-unknown', detail: hintOf(liveness.why), settled: liveness.timedOut };
    case undefined:
      return { reason: 'liveness-unknown', detail: hintOf('missing'), settled: true };
  }
}
