// pure
import type { FaceLiveness } from '../face/observation.js';
import type { AppearanceModel, EvidenceModel } from './appearance-model.js';

/** What the picture of a face is like, as far as it decides what a network may say about it. */
export interface FaceConditions {
  /** Mean grey of the face. */
  readonly brightness: number;
  /** Estimated standard deviation of its pixel noise at full resolution. */
  readonly noise: number;
  /** Sides of the face that the widest look shows. */
  readonly context: number;
}

/** Natural log odds of one class before softmax; undefined for outputs that are not finite or not as many as there are classes. */
function logOdds(values: readonly number[], classes: number, wanted: number): number | undefined {
  const own = values[wanted];
  if (own === undefined || values.length !== classes || !values.every(Number.isFinite)) return undefined;
  const others = values.filter((_, i) => i !== wanted);
  const top = Math.max(...others);
  return own - top - Math.log(others.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/**
 * What one network's answer is worth: its natural log-likelihood ratio, living face against picture, within its bounds;
 * 0 where it has no say. Undefined for an answer that cannot be used.
 */
export function evidenceOf(
  outputs: ArrayLike<number> | undefined,
  { answer, evidence }: Pick<AppearanceModel, 'answer' | 'evidence'>,
  seen: FaceConditions,
): number | undefined {
  const values = outputs === undefined ? [] : Array.from(outputs);
  const odds =
    answer.kind === 'softmax'
      ? logOdds(values, answer.classes, answer.live)
      : values.length === 1 && Number.isFinite(values[0])
        ? values[0]
        : undefined;
  if (odds === undefined) return undefined;
  if (!hasSay(evidence, seen)) return 0;
  return Math.min(evidence.most, Math.max(evidence.least, evidence.offset + evidence.slope * odds));
}

/** Written so that NaN counts as outside. */
const hasSay = ({ needs }: EvidenceModel, { brightness, noise, context }: FaceConditions): boolean =>
  needs === null || (brightness >= needs.brightness && noise <= needs.noise && context >= needs.context);

/** Adds the networks' evidence up; `fault` when one gave none, or there are none. @param doubt what makes the picture hard to judge */
export function sumEvidence(
  parts: readonly (number | undefined)[],
  doubt: Extract<FaceLiveness, { kind: 'scored' }>['doubt'],
): FaceLiveness {
  const given = parts.filter((part): part is number => part !== undefined);
  if (given.length === 0 || given.length < parts.length) return { kind: 'unknown', why: 'fault' };
  return { kind: 'scored', llr: given.reduce((sum, part) => sum + part, 0), ...(doubt && { doubt }) };
}
