// pure
import type { Doubt } from '../doubt.js';
import type { FaceSample } from '../face-sample.js';

/** What a cue has gathered over the samples of one track. */
export interface CueState<Memory = unknown> {
  /** Samples that count, as a number of frames: near ones count in part, old ones are forgotten. */
  readonly frames: number;
  /** Mean log-likelihood ratio of them. */
  readonly mean: number;
  readonly memory: Memory;
}

/** What a cue reads from one sample. */
export interface CueReading<Memory = unknown> {
  /** Natural log-likelihood ratio, living face against picture, of this sample alone; undefined: it says nothing. */
  readonly llr: number | undefined;
  readonly memory: Memory;
}

/**
 * One thing that tells a living face from a picture of one, over the samples of a track. The evidence of all cues of the
 * list in cues.ts is added up. `Memory` is what the cue keeps from one sample to the next; each cue gets back only what it
 * returned itself.
 */
export interface Cue<Memory = unknown> {
  /** Its own among all cues. */
  readonly name: string;
  /**
   * How much two frames of one track resemble each other, 0…1: correlation of their log-likelihood ratios about what is
   * true of all living faces, or all pictures. However many frames there are, they are worth 1/correlation single ones at most.
   */
  readonly correlation: number;
  /** What is asked of a person while this cue has nothing to say of them; undefined where they cannot help it. */
  readonly lacking: Doubt | undefined;
  /** The memory before the first sample of a track, and again after a gap. */
  readonly start: Memory;
  read(sample: FaceSample, memory: Memory): CueReading<Memory>;
}

/** Frames nearer than this resemble each other still more: each counts for its share of it. */
const SPACING_MS = 100;
/** After this time a sample counts half: a face that came nearer is judged by how it looks now. */
const HALF_LIFE_MS = 2000;

/**
 * Adds one sample to a cue. Which samples count, and how much, depends on their times only, so that a better sample never
 * makes the sum worse. @param passedMs since the sample before, 0 for the first one
 */
export function addToCue<Memory>(
  cue: Pick<Cue<Memory>, 'read'>,
  before: CueState<Memory>,
  sample: FaceSample,
  passedMs: number,
): CueState<Memory> {
  const { llr, memory } = cue.read(sample, before.memory);
  const old = before.frames * 0.5 ** (passedMs / HALF_LIFE_MS);
  if (llr === undefined) return { frames: old, mean: before.mean, memory };
  const fresh = before.frames === 0 ? 1 : Math.min(1, passedMs / SPACING_MS);
  const frames = old + fresh;
  return { frames, mean: (old * before.mean + fresh * llr) / frames, memory };
}

/**
 * The evidence of a cue, a natural log-likelihood ratio: the mean of its n frames times the number of independent ones that
 * they are worth, n / (1 + (n − 1) · correlation) (Kish 1965, the design effect of equally correlated observations).
 */
export const evidenceOfCue = (
  { correlation }: Pick<Cue, 'correlation'>,
  { frames, mean }: Pick<CueState, 'frames' | 'mean'>,
): number => (frames === 0 ? 0 : (mean * frames) / (1 + (frames - 1) * correlation));
