// pure
/** Distances are squared Euclidean on unit vectors: 0 (same) … 4 (opposite). */
export const DISTANCE_MAX = 4;

/** Allowed deviation of a stored template's length from 1: float32 rounding, not tampering. */
const LENGTH_TOLERANCE = 1e-3;

/** Whether every number is finite and the length is 1: anything else would make distances lie. */
export function isUnit(vector: Float32Array): boolean {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.abs(Math.sqrt(sum) - 1) <= LENGTH_TOLERANCE;
}

/** Squared Euclidean distance of two unit vectors of one length, as 2 − 2·cos. @throws RangeError for unequal lengths. */
export function squaredDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length)
    throw new RangeError(`embeddings of ${a.length} and ${b.length} numbers cannot be compared`);
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += (a[i] as number) * (b[i] as number);
  return Math.min(DISTANCE_MAX, Math.max(0, 2 - 2 * dot));
}
