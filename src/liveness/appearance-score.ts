// pure
import type { FaceLiveness } from '../face/observation.js';

/** Probability of one class by softmax; undefined for outputs that are not finite or not as many as there are classes. */
export function classShare(
  outputs: ArrayLike<number> | undefined,
  classes: number,
  wanted: number,
): number | undefined {
  const values = outputs === undefined ? [] : Array.from(outputs);
  if (values.length !== classes || !values.every(Number.isFinite)) return undefined;
  const top = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - top));
  const share = (weights[wanted] ?? Number.NaN) / weights.reduce((sum, weight) => sum + weight, 0);
  return Number.isFinite(share) ? share : undefined;
}

/** Several networks' answers for one face: the least of them; `fault` when one gave none. */
export function combineScores(scores: readonly (number | undefined)[]): FaceLiveness {
  const given = scores.filter((score): score is number => score !== undefined && score >= 0 && score <= 1);
  if (given.length === 0 || given.length < scores.length) return { kind: 'unknown', why: 'fault' };
  return { kind: 'scored', live: Math.min(...given) };
}
