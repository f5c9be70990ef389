// pure
import type { MonotonicMs } from '../kit/clock.js';
import { isLocked, LOCKOUT_RULE, type LockedPlace, type LockoutRule, lockPlace } from './locked-places.js';
import {
  addLook,
  LIVENESS_RULE,
  type LivenessRule,
  type Look,
  type Signs,
  type Verdict,
  verdictOf,
} from './verdict.js';

/** Liveness of all tracks of one camera. */
export interface Watch {
  readonly signs: ReadonlyMap<number, Signs>;
  readonly places: readonly LockedPlace[];
}

export const EMPTY_WATCH: Watch = { signs: new Map(), places: [] };

/** A track's verdict, or that its place is shut after a picture was shown there. */
export type Standing = Verdict | { readonly kind: 'lockout' };

export interface Watched {
  readonly watch: Watch;
  /** One for every track seen in this frame. */
  readonly standings: ReadonlyMap<number, Standing>;
  /** Tracks that became a spoof with this frame: each is worth an event. */
  readonly spoofs: readonly number[];
}

export interface WatchRule {
  readonly liveness: LivenessRule;
  readonly lockout: LockoutRule;
}

export const WATCH_RULE: WatchRule = { liveness: LIVENESS_RULE, lockout: LOCKOUT_RULE };

/** Tracks unseen for so long are forgotten; a track's number is never used again. */
const FORGET_MS = 10_000;
/** Tracks remembered at a time, the newest; as many as access/track.ts follows, twice. */
const TRACKS_MAX = 64;

/**
 * One frame: the looks of the tracks seen in it, by track. A clear spoof shuts its place for all tracks, those that
 * come after it in the same frame and those before it alike.
 */
export function watchFrame(
  before: Watch,
  looks: ReadonlyMap<number, Look>,
  atMs: MonotonicMs,
  rule: WatchRule = WATCH_RULE,
): Watched {
  const signs = new Map([...before.signs].filter(([, known]) => !(atMs - known.lastMs > FORGET_MS)));
  let { places } = before;
  const verdicts = new Map<number, Verdict>();
  const spoofs: number[] = [];
  for (const [track, look] of looks) {
    const known = before.signs.get(track);
    const next = addLook(known, look, rule.liveness);
    if (next) signs.set(track, next);
    const verdict = verdictOf(next, rule.liveness);
    verdicts.set(track, verdict);
    // The look itself was a clear spoof, not merely one of the seconds before it.
    if (next && next !== known && next.spoofUntilMs !== known?.spoofUntilMs) {
      places = lockPlace(places, look.box, atMs, rule.lockout);
      if (verdictOf(known, rule.liveness).kind !== 'spoof') spoofs.push(track);
    }
  }
  const standings = new Map<number, Standing>();
  for (const [track, verdict] of verdicts) {
    const box = looks.get(track)?.box;
    const locked = verdict.kind !== 'spoof' && box !== undefined && isLocked(places, box, atMs);
    standings.set(track, locked ? { kind: 'lockout' } : verdict);
  }
  const newest = [...signs].sort(([, a], [, b]) => a.lastMs - b.lastMs).slice(-TRACKS_MAX);
  return { watch: { signs: new Map(newest), places }, standings, spoofs };
}

/** Why a track is not let in, for the decision. */
export interface LivenessRefusal {
  readonly reason: 'spoof' | 'liveness-unknown' | 'lockout';
  /** A sentence for people. */
  readonly detail: string;
  /** False while a verdict may still come. */
  readonly settled: boolean;
}

/**
 * A standing as the decision sees it: undefined to go on, or the reason of a refusal with the rest of the sentence.
 * `settled` is false while a verdict may still come.
 */
export function refusalOf(standing: Standing | undefined): LivenessRefusal | undefined {
  switch (standing?.kind) {
    case 'live':
      return undefined;
    case 'spoof':
      return { reason: 'spoof', detail: 'this looks like a picture or a screen', settled: true };
    case 'lockout':
      return { reason: 'lockout', detail: 'a picture was shown at this place a moment ago', settled: true };
    case 'undecided':
      return { reason: 'liveness-unknown', detail: WHY[standing.why], settled: standing.timedOut };
    case undefined:
      return { reason: 'liveness-unknown', detail: WHY.missing, settled: true };
  }
}

const WHY: Readonly<Record<Extract<Verdict, { kind: 'undecided' }>['why'], string>> = {
  appearance: 'it is not yet sure that this is a living face: more light on the face helps',
  motion: 'the face has not yet moved as a solid one does: turn the head a little',
  dark: 'the face is too dark to tell whether it is alive',
  noise: 'the picture is too noisy to tell whether the face is alive: more light helps',
  context: 'too little around the face is in the picture to tell whether it is alive: step back',
  fault: 'the liveness network gave no usable answer',
  missing: 'liveness was not measured',
};
