// pure
import type { FaceSample } from '../face-sample.js';
import type { LivenessRule } from '../liveness-rule.js';

/** How the sum of a cue grows and fades, in seconds of good samples. */
export interface SumLimits {
  /** The sum stays within these bounds: no past is so good, nor so bad, that it cannot be overcome. */
  readonly leastS: number;
  readonly mostS: number;
  /** One frame counts for at most this much time: time between frames is no evidence, and one odd sample must not decide. */
  readonly stepMaxS: number;
  /** After this time half of the sum is forgotten. */
  readonly halfLifeS: number;
}

/** What a cue knows of one track. */
export interface CueState<Memory = unknown> {
  readonly sumS: number;
  readonly memory: Memory;
}

/** What a cue reads from one sample. */
export interface CueReading<Memory = unknown> {
  /** What a second of such samples adds to the sum: 1 at best, below 0 speaks against a living face; undefined: nothing. */
  readonly worth: number | undefined;
  readonly memory: Memory;
  /** This sample is clearly a picture: the whole track counts as one for a while, and the sum falls to its least. */
  readonly isPicture?: boolean;
}

/**
 * One thing that tells a living face from a picture of one, over the samples of a track. Every cue of the list in
 * cues.ts must have passed before a face counts as alive. `Why` names what may be missing, `Memory` is what the cue
 * keeps from one sample to the next; each cue gets back only what it returned itself.
 */
export interface Cue<Why extends string = string, Memory = unknown> {
  /** Its own among all cues. */
  readonly name: string;
  readonly sum: SumLimits;
  /** The memory before the first sample of a track, and again after a gap. */
  readonly start: Memory;
  read(sample: FaceSample, memory: Memory, rule: LivenessRule): CueReading<Memory>;
  passed(state: CueState<Memory>, rule: LivenessRule): boolean;
  /** What is missing while the cue has not passed. */
  whyNot(memory: Memory): Why;
  /** What helps then, or why nothing does: a sentence for people. */
  readonly hints: Readonly<Record<Why, string>>;
}

/**
 * Adds one sample to a cue. @param passedS since the sample before, 0 for the first one
 * @returns the new state, and whether the sample is clearly a picture
 */
export function addToCue<Memory>(
  cue: Pick<Cue<string, Memory>, 'sum' | 'read'>,
  before: CueState<Memory>,
  sample: FaceSample,
  passedS: number,
  rule: LivenessRule,
): { readonly state: CueState<Memory>; readonly isPicture: boolean } {
  const { sum } = cue;
  const { worth = 0, memory, isPicture = false } = cue.read(sample, before.memory, rule);
  const kept = 0.5 ** (passedS / sum.halfLifeS);
  const sumS = before.sumS * kept + worth * Math.min(sum.stepMaxS, passedS);
  const bounded = Math.min(sum.mostS, Math.max(sum.leastS, sumS));
  return { state: { sumS: isPicture ? sum.leastS : bounded, memory }, isPicture };
}
