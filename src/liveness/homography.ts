// pure
import type { Point } from '../face/observation.js';

/** 3×3, row by row. */
type Matrix = readonly number[];

/**
 * How far points are from being one picture of a plane seen twice: the root mean square distance, after the best
 * homography from `from` to `to`, in the unit of the points. Undefined when there is no such homography (points too few,
 * coincident, not finite). @param from at least 5 points. @param to as many
 */
export function planeResidual(from: readonly Point[], to: readonly Point[]): number | undefined {
  if (from.length !== to.length || from.length < 5) return undefined;
  const [a, b] = [normalised(from), normalised(to)];
  if (!a || !b) return undefined;
  // The second round divides each equation by the depth of the first: algebraic error becomes distance.
  const first = solve(a.points, b.points, undefined);
  const best = first && solve(a.points, b.points, first);
  if (!best) return undefined;
  let squares = 0;
  for (let i = 0; i < from.length; i++) {
    const [x, y] = project(best, a.points[i] as Point);
    const [u, v] = b.points[i] as Point;
    squares += (x - u) ** 2 + (y - v) ** 2;
  }
  const residual = Math.sqrt(squares / from.length) / b.scale;
  return Number.isFinite(residual) ? residual : undefined;
}

/** Points around their mean at mean distance √2 (Hartley 1997): keeps the equations well conditioned. */
function normalised(points: readonly Point[]): { points: Point[]; scale: number } | undefined {
  const n = points.length;
  const cx = points.reduce((sum, [x]) => sum + x, 0) / n;
  const cy = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const spread = points.reduce((sum, [x, y]) => sum + Math.hypot(x - cx, y - cy), 0) / n;
  if (!(spread > 1e-6) || !Number.isFinite(spread)) return undefined;
  const scale = Math.SQRT2 / spread;
  return { points: points.map(([x, y]): Point => [(x - cx) * scale, (y - cy) * scale]), scale };
}

const depth = (h: Matrix, [x, y]: Point) => (h[6] as number) * x + (h[7] as number) * y + 1;

function project(h: Matrix, point: Point): Point {
  const [x, y] = point;
  const w = depth(h, point);
  const row = (i: number) => ((h[i] as number) * x + (h[i + 1] as number) * y + (h[i + 2] as number)) / w;
  return [row(0), row(3)];
}

const UNKNOWNS = 8;

/** Least squares for the eight unknowns (the ninth is 1: the points' mean is no vanishing point). */
function solve(from: readonly Point[], to: readonly Point[], before: Matrix | undefined): Matrix | undefined {
  // Normal equations, the right side in the last column; the lower half is filled in at the end.
  const system = Array.from({ length: UNKNOWNS }, () => new Float64Array(UNKNOWNS + 1));
  const row = new Float64Array(UNKNOWNS + 1);
  const add = (weight: number) => {
    for (let i = 0; i < UNKNOWNS; i++) {
      const factor = weight * (row[i] as number);
      if (factor === 0) continue;
      const sums = system[i] as Float64Array;
      for (let k = i; k <= UNKNOWNS; k++) sums[k] = (sums[k] as number) + factor * (row[k] as number);
    }
  };
  for (let i = 0; i < from.length; i++) {
    const point = from[i] as Point;
    const [x, y] = point;
    const [u, v] = to[i] as Point;
    const weight = before ? 1 / Math.max(1e-3, depth(before, point) ** 2) : 1;
    row.set([x, y, 1, 0, 0, 0, -u * x, -u * y, u]);
    add(weight);
    row.set([0, 0, 0, x, y, 1, -v * x, -v * y, v]);
    add(weight);
  }
  for (let i = 0; i < UNKNOWNS; i++) for (let k = 0; k < i; k++) (system[i] as Float64Array)[k] = cell(system, k, i);
  return eliminate(system);
}

/** Gauss with pivots; undefined for a singular system. */
function eliminate(system: Float64Array[]): Matrix | undefined {
  for (let column = 0; column < UNKNOWNS; column++) {
    let pivot = column;
    for (let row = column + 1; row < UNKNOWNS; row++)
      if (Math.abs(cell(system, row, column)) > Math.abs(cell(system, pivot, column))) pivot = row;
    if (!(Math.abs(cell(system, pivot, column)) > 1e-9)) return undefined;
    [system[column], system[pivot]] = [system[pivot] as Float64Array, system[column] as Float64Array];
    for (let row = 0; row < UNKNOWNS; row++) {
      if (row === column) continue;
      const factor = cell(system, row, column) / cell(system, column, column);
      for (let k = column; k <= UNKNOWNS; k++)
        (system[row] as Float64Array)[k] = cell(system, row, k) - factor * cell(system, column, k);
    }
  }
  return Array.from({ length: UNKNOWNS }, (_, i) => cell(system, i, UNKNOWNS) / cell(system, i, i));
}

const cell = (system: readonly Float64Array[], row: number, column: number): number =>
  system[row]?.[column] ?? Number.NaN;
