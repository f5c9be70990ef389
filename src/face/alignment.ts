// pure
import type { Affine } from '../kit/opencv/picture.js';
import type { FivePoints } from './landmarks.js';
import type { Point } from './observation.js';
import { UnusableFace } from './unusable-face.js';

/** Where the five points of a face must lie in the encoder's input, in pixels of a size × size picture. */
export interface AlignmentTemplate {
  readonly size: number;
  /** Left eye, right eye, nose tip, left and right mouth corner. */
  readonly points: readonly Point[];
}

export const inTemplateOrder = (points: FivePoints): Point[] => [
  points.leftEye,
  points.rightEye,
  points.nose,
  points.mouthLeft,
  points.mouthRight,
];

/**
 * The similarity (rotation, one scale, shift; no reflection) that maps `from` to `to` with the least squared error:
 * Umeyama 1991, in the closed form of two dimensions. @throws UnusableFace when the points coincide, RangeError when they differ in number.
 */
export function similarity(from: readonly Point[], to: readonly Point[]): Affine {
  if (from.length !== to.length || from.length < 2)
    throw new RangeError(`a similarity needs two or more pairs of points, ${from.length} and ${to.length} were given`);
  const n = from.length;
  const sum = (points: readonly Point[], axis: 0 | 1) => points.reduce((total, point) => total + point[axis], 0) / n;
  const [fx, fy, tx, ty] = [sum(from, 0), sum(from, 1), sum(to, 0), sum(to, 1)];
  let dot = 0;
  let cross = 0;
  let spread = 0;
  from.forEach((point, i) => {
    const target = to[i] as Point;
    const [px, py, qx, qy] = [point[0] - fx, point[1] - fy, target[0] - tx, target[1] - ty];
    dot += px * qx + py * qy;
    cross += px * qy - py * qx;
    spread += px * px + py * py;
  });
  if (!(spread > 1e-9)) throw new UnusableFace('the landmarks coincide: no face can be aligned on them');
  const a = dot / spread;
  const b = cross / spread;
  return [a, -b, tx - a * fx + b * fy, b, a, ty - b * fx - a * fy];
}
