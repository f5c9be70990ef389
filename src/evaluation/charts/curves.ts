// pure
/** An operating point: both errors at one threshold, as shares. */
export interface ErrorPoint {
  readonly falseMatch: number;
  readonly falseNonMatch: number;
}

type Numbers = Float32Array | Float64Array;

/** Distances at or below which something is accepted, ascending, and how many there are with those never accepted. */
export interface Accepted {
  readonly from: Numbers;
  readonly total: number;
}

/** Points a decade of the false match rate: enough for a smooth line, few enough for a small file. */
const POINTS_PER_DECADE = 24;

/** Both errors over the thresholds, with points evenly spaced on the logarithm of the false match rate. */
export function errorCurve(impostor: Accepted, genuine: Accepted): ErrorPoint[] {
  const points: ErrorPoint[] = [];
  let last = 0;
  for (let step = 0; last < impostor.from.length; step++) {
    const wanted = Math.min(impostor.from.length, Math.round(10 ** (step / POINTS_PER_DECADE)));
    if (wanted <= last) continue;
    const threshold = impostor.from[wanted - 1] as number;
    // Equal distances pass together.
    last = countUpTo(impostor.from, threshold);
    points.push({ falseMatch: last / impostor.total, falseNonMatch: refusedAt(threshold, genuine) });
  }
  return points;
}

/** Both errors at one threshold. */
export const errorsAt = (threshold: number, impostor: Accepted, genuine: Accepted): ErrorPoint => ({
  falseMatch: countUpTo(impostor.from, threshold) / Math.max(1, impostor.total),
  falseNonMatch: refusedAt(threshold, genuine),
});

const refusedAt = (threshold: number, { from, total }: Accepted) =>
  total === 0 ? 0 : 1 - countUpTo(from, threshold) / total;

/** How many of ascending values are at or below a limit. */
function countUpTo(values: Numbers, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Share of the values in each of the bins of `width` from 0 on; the last one also takes what is beyond. */
export function histogram(values: Numbers, width: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor(value / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count) => count / Math.max(1, values.length));
}
