// pure
import type { FaceLiveness } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';
import { addToCue, type CueState, evidenceOfCue } from './cues/cue.js';
import { CUES } from './cues/cues.js';
import { type Doubt, doubtAbout } from './doubt.js';
import type { FaceSample } from './face-sample.js';
import { LIVENESS_RULE, type LivenessRule, limitsOf } from './liveness-rule.js';

/** What speaks for and against a living face over one track. */
export interface LivenessState {
  readonly beganMs: MonotonicMs;
  readonly lastMs: MonotonicMs;
  /** By the name of the cue. */
  readonly cues: ReadonlyMap<string, CueState>;
  /** What the networks said of the newest sample. */
  readonly newest: FaceLiveness | undefined;
  /** Samples that look alive, {@link APART_MS} apart: how many, counted to {@link SAMPLES_LEAST}, and when the last one was. */
  readonly apart: { readonly samples: number; readonly lastMs: MonotonicMs | undefined };
  /** Until then the track counts as a picture. */
  readonly spoofUntilMs: MonotonicMs | undefined;
}

export type Verdict =
  | { readonly kind: 'live' }
  | { readonly kind: 'spoof' }
  | {
      readonly kind: 'undecided';
      /** What keeps the newest sample from a verdict. */
      readonly why: Doubt;
      /** No verdict came in time: refuse with what is known. */
      readonly timedOut: boolean;
    };

/** After a longer time unseen the evidence starts over. */
const GAP_MAX_MS = 1500;
/** One frame may always be an odd one… */
const SAMPLES_LEAST = 2;
/** …and frames nearer than this are much the same one. */
const APART_MS = 100;

/**
 * Adds one sample. A sample that is not newer than the last, or whose time is not a finite number, changes nothing;
 * after a gap everything starts over. The better each cue's samples, the better its evidence: nothing else enters it.
 */
export function addSample(
  before: LivenessState | undefined,
  sample: FaceSample,
  rule: LivenessRule = LIVENESS_RULE,
): LivenessState | undefined {
  const { atMs, liveness: newest } = sample;
  if (!Number.isFinite(atMs)) return before;
  if (before && !(atMs > before.lastMs)) return before;
  const known = before && atMs - before.lastMs <= GAP_MAX_MS ? before : undefined;
  const passedMs = known ? atMs - known.lastMs : 0;
  const cues = new Map(CUES.map((cue) => [cue.name, addToCue(cue, stateOf(cue, known), sample, passedMs)]));
  const next = { beganMs: known?.beganMs ?? atMs, lastMs: atMs, cues, newest, apart: countApart(known, newest, atMs) };
  const isPicture = evidenceFor(next) <= limitsOf(rule).picture;
  // A gap forgets what speaks for a face, never what speaks against it.
  const spoofUntilMs = isPicture ? ((atMs + rule.lockoutMs) as MonotonicMs) : before?.spoofUntilMs;
  return { ...next, spoofUntilMs };
}

function countApart(
  known: LivenessState | undefined,
  newest: FaceLiveness | undefined,
  atMs: MonotonicMs,
): LivenessState['apart'] {
  const before = known?.apart ?? { samples: 0, lastMs: undefined };
  const looksAlive = newest?.kind === 'scored' && newest.llr > 0;
  if (!looksAlive || (before.lastMs !== undefined && atMs - before.lastMs < APART_MS)) return before;
  return { samples: Math.min(SAMPLES_LEAST, before.samples + 1), lastMs: atMs };
}

const stateOf = ({ name, start }: (typeof CUES)[number], track: Pick<LivenessState, 'cues'> | undefined): CueState =>
  track?.cues.get(name) ?? { frames: 0, mean: 0, memory: start };

/** The evidence of all cues of a track: a natural log-likelihood ratio, living face against picture; 0 says nothing. */
export const evidenceFor = (track: Pick<LivenessState, 'cues'>): number =>
  CUES.reduce((sum, cue) => sum + evidenceOfCue(cue, stateOf(cue, track)), 0);

/**
 * The verdict on a track as of its newest sample, which must have been scored and not look like a picture itself: what a
 * track was before does not open a door for what it is now.
 */
export function verdictOf(track: LivenessState | undefined, rule: LivenessRule = LIVENESS_RULE): Verdict {
  if (!track) return { kind: 'undecided', why: 'missing', timedOut: false };
  const { beganMs, lastMs, newest, apart, spoofUntilMs } = track;
  if (spoofUntilMs !== undefined && lastMs < spoofUntilMs) return { kind: 'spoof' };
  const looksAlive = newest?.kind === 'scored' && newest.llr >= 0;
  if (looksAlive && apart.samples >= SAMPLES_LEAST && evidenceFor(track) >= limitsOf(rule).alive)
    return { kind: 'live' };
  const lacking = CUES.find((cue) => cue.lacking && stateOf(cue, track).frames === 0)?.lacking;
  return { kind: 'undecided', why: doubtAbout(newest, lacking), timedOut: lastMs - beganMs >= rule.timeoutMs };
}
