// pure
import type { MonotonicMs } from '../kit/clock.js';
import { hintOf } from './doubt.js';
import type { FaceSample } from './face-sample.js';
import { LIVENESS_RULE, type LivenessRule } from './liveness-rule.js';
import { isLocked, type LockedPlace, lockPlace, PLACE_LOCK_RULE, type PlaceLockRule } from './locked-places.js';
import { addSample, type LivenessState, type Verdict, verdictOf } from './verdict.js';

/** Liveness of all tracks of one camera. */
export interface LivenessTracks {
  readonly states: ReadonlyMap<number, LivenessState>;
  readonly places: readonly LockedPlace[];
}

export const NO_LIVENESS_TRACKS: LivenessTracks = { states: new Map(), places: [] };

/** A track's verdict, or that its place is shut after a picture was shown there. */
export type TrackLiveness = Verdict | { readonly kind: 'locked-place' };

export interface LivenessUpdate {
  readonly tracks: LivenessTracks;
  /** One for every track seen in this frame. */
  readonly byTrack: ReadonlyMap<number, TrackLiveness>;
  /** Tracks that became a spoof with this frame: one event each. */
  readonly spoofs: readonly number[];
}

export interface LivenessTracksRule {
  readonly liveness: LivenessRule;
  readonly placeLock: PlaceLockRule;
}

export const LIVENESS_TRACKS_RULE: LivenessTracksRule = { liveness: LIVENESS_RULE, placeLock: PLACE_LOCK_RULE };

/** Tracks unseen for this long are forgotten; a track's number is never used again. */
const FORGET_MS = 10_000;
/** Tracks remembered at a time, the newest; twice as many as access/track.ts follows. */
const TRACKS_MAX = 64;

/**
 * Adds one frame: the samples of the tracks seen in it, by track. A clear spoof shuts its place for all tracks of the
 * frame, those judged before it and those after it alike.
 */
export function addFrame(
  before: LivenessTracks,
  samples: ReadonlyMap<number, FaceSample>,
  atMs: MonotonicMs,
  rule: LivenessTracksRule = LIVENESS_TRACKS_RULE,
): LivenessUpdate {
  const states = new Map([...before.states].filter(([, known]) => !(atMs - known.lastMs > FORGET_MS)));
  let { places } = before;
  const verdicts = new Map<number, Verdict>();
  const spoofs: number[] = [];
  for (const [track, sample] of samples) {
    const known = before.states.get(track);
    const next = addSample(known, sample, rule.liveness);
    if (next) states.set(track, next);
    const verdict = verdictOf(next, rule.liveness);
    verdicts.set(track, verdict);
    // This very sample was a clear spoof, not merely one of the seconds before it.
    if (next && next !== known && next.spoofUntilMs !== known?.spoofUntilMs) {
      places = lockPlace(places, sample.box, atMs, rule.placeLock);
      if (verdictOf(known, rule.liveness).kind !== 'spoof') spoofs.push(track);
    }
  }
  const byTrack = new Map<number, TrackLiveness>();
  for (const [track, verdict] of verdicts) {
    const box = samples.get(track)?.box;
    const locked = verdict.kind !== 'spoof' && box !== undefined && isLocked(places, box, atMs);
    byTrack.set(track, locked ? { kind: 'locked-place' } : verdict);
  }
  const newest = [...states].sort(([, a], [, b]) => a.lastMs - b.lastMs).slice(-TRACKS_MAX);
  return { tracks: { states: new Map(newest), places }, byTrack, spoofs };
}

/** Why a track is not let in, for the decision. */
export interface LivenessRefusal {
  readonly reason: 'spoof' | 'liveness-unknown' | 'lockout';
  /** A sentence for people. */
  readonly detail: string;
  /** False while a verdict may still come. */
  readonly settled: boolean;
}

/** A track's liveness as the decision sees it: undefined to go on, or why not. No liveness counts as not measured. */
export function refusalOf(liveness: TrackLiveness | undefined): LivenessRefusal | undefined {
  switch (liveness?.kind) {
    case 'live':
      return undefined;
    case 'spoof':
      return { reason: 'spoof', detail: 'this looks like a picture or a screen', settled: true };
    case 'locked-place':
      return { reason: 'lockout', detail: 'a picture was shown at this place a moment ago', settled: true };
    case 'undecided':
      return { reason: 'liveness-unknown', detail: hintOf(liveness.why), settled: liveness.timedOut };
    case undefined:
      return { reason: 'liveness-unknown', detail: hintOf('missing'), settled: true };
  }
}
