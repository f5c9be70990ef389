// pure
import type { Point } from '../../face/observation.js';

/**
 * A smooth surface over scattered points: the thin plate spline (Duchon 1976), which bends as little as it can.
 * @param points at least 3, not on one line. @param heights one a point
 * @param stiffness 0 passes through every height; larger values bend less and pass beside
 * @returns the height at any place
 */
export function thinPlate(
  points: readonly Point[],
  heights: readonly number[],
  stiffness: number,
): (x: number, y: number) => number {
  const n = points.length;
  const size = n + 3;
  const rows = points.map(([x, y], i) => {
    const row = new Float64Array(size + 1);
    points.forEach(([px, py], k) => {
      row[k] = bend((x - px) ** 2 + (y - py) ** 2) + (i === k ? stiffness : 0);
    });
    row.set([1, x, y, heights[i] ?? Number.NaN], n);
    return row;
  });
  for (const of of [() => 1, ([x]: Point) => x, ([, y]: Point) => y])
    rows.push(Float64Array.from({ length: size + 1 }, (_, k) => (k < n ? of(points[k] as Point) : 0)));
  const weights = solve(rows);
  const [level, slopeX, slopeY] = weights.slice(n) as [number, number, number];
  return (x, y) => {
    let sum = level + slopeX * x + slopeY * y;
    for (let k = 0; k < n; k++) {
      const [px, py] = points[k] as Point;
      sum += (weights[k] as number) * bend((x - px) ** 2 + (y - py) ** 2);
    }
    return sum;
  };
}

/** r² log r, by the square of r. */
const bend = (squared: number): number => (squared > 1e-12 ? 0.5 * squared * Math.log(squared) : 0);

/** Gauss and Jordan with pivots, the right side in the last column. @throws RangeError for points on one line */
function solve(rows: Float64Array[]): number[] {
  const size = rows.length;
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? Number.NaN;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(cell(row, column)) > Math.abs(cell(pivot, column))) pivot = row;
    if (!(Math.abs(cell(pivot, column)) > 1e-12)) throw new RangeError('the points lie on one line');
    [rows[column], rows[pivot]] = [rows[pivot] as Float64Array, rows[column] as Float64Array];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = cell(row, column) / cell(column, column);
      if (factor === 0) continue;
      for (let k = column; k <= size; k++) (rows[row] as Float64Array)[k] = cell(row, k) - factor * cell(column, k);
    }
  }
  return rows.map((_, i) => cell(i, size) / cell(i, i));
}
