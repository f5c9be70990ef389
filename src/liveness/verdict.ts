// pure
import type { MonotonicMs } from '../kit/clock.js';
import { addToCue, type CueState } from './cues/cue.js';
import { CUES, type MissingCue } from './cues/cues.js';
import type { FaceSample } from './face-sample.js';
import { LIVENESS_RULE, type LivenessRule } from './liveness-rule.js';

/** What speaks for and against a living face over one track. */
export interface LivenessState {
  readonly beganMs: MonotonicMs;
  readonly lastMs: MonotonicMs;
  /** By the name of the cue. */
  readonly cues: ReadonlyMap<string, CueState>;
  /** Until then the track counts as a picture. */
  readonly spoofUntilMs: MonotonicMs | undefined;
}

export type Verdict =
  | { readonly kind: 'live' }
  | { readonly kind: 'spoof' }
  | {
      readonly kind: 'undecided';
      /** The cue that is missing, or why the newest sample could not be scored. */
      readonly why: MissingCue;
      /** No verdict came in time: refuse with what is known. */
      readonly timedOut: boolean;
    };

/** After a longer time unseen the evidence starts over. */
const GAP_MAX_MS = 1500;

/**
 * Adds one sample. A sample that is not newer than the last, or whose time is not a finite number, changes nothing;
 * after a gap everything starts over. The better each cue's samples, the better its sum: nothing else enters it.
 */
export function addSample(
  before: LivenessState | undefined,
  sample: FaceSample,
  rule: LivenessRule = LIVENESS_RULE,
): LivenessState | undefined {
  const { atMs } = sample;
  if (!Number.isFinite(atMs)) return before;
  if (before && !(atMs > before.lastMs)) return before;
  const known = before && atMs - before.lastMs <= GAP_MAX_MS ? before : undefined;
  const passedS = known ? (atMs - known.lastMs) / 1000 : 0;
  const cues = new Map<string, CueState>();
  // A gap forgets what speaks for a face, never what speaks against it.
  let spoofUntilMs = before?.spoofUntilMs;
  for (const cue of CUES) {
    const { state, isPicture } = addToCue(cue, stateOf(cue, known), sample, passedS, rule);
    cues.set(cue.name, state);
    if (isPicture) spoofUntilMs = (atMs + rule.spoofMs) as MonotonicMs;
  }
  return { beganMs: known?.beganMs ?? atMs, lastMs: atMs, cues, spoofUntilMs };
}

const stateOf = ({ name, start }: (typeof CUES)[number], track: LivenessState | undefined): CueState =>
  track?.cues.get(name) ?? { sumS: 0, memory: start };

/** The verdict on a track as of its newest sample. Every cue must have passed; an undecided track does not pass. */
export function verdictOf(track: LivenessState | undefined, rule: LivenessRule = LIVENESS_RULE): Verdict {
  if (!track) return { kind: 'undecided', why: 'missing', timedOut: false };
  if (track.spoofUntilMs !== undefined && track.lastMs < track.spoofUntilMs) return { kind: 'spoof' };
  const lacking = CUES.find((cue) => !cue.passed(stateOf(cue, track), rule));
  if (!lacking) return { kind: 'live' };
  const timedOut = track.lastMs - track.beganMs >= rule.timeoutMs;
  return { kind: 'undecided', why: lacking.whyNot(stateOf(lacking, track).memory), timedOut };
}
