// pure
import type { Affine } from '../kit/opencv/picture.js';
import { fivePoints, outerEyesAndNose } from './landmarks.js';
import type { Point } from './observation.js';
import { UnusableFace } from './unusable-face.js';

/**
 * How a face is brought into an encoder's input, a size × size picture, as in the encoder's training. `similarity` fits
 * eye centres, nose tip and mouth corners (ArcFace's five points) with the least squared error; `affine` maps the outer
 * eye corners and the nose base exactly (OpenFace, align_dlib.py).
 */
export type Fit = 'similarity' | 'affine';

/** Where the points of a face must lie in the encoder's input, in pixels of a size × size picture. */
export interface AlignmentTemplate {
  readonly size: number;
  readonly fit: Fit;
  /** Five for `similarity`, three for `affine`, in the order of {@link pointsOf}. */
  readonly points: readonly Point[];
}

/** Points that a fit takes from 68 landmarks in iBUG order: left before right as seen in the picture, from above to below. */
export function pointsOf(landmarks: readonly Point[], fit: Fit): Point[] {
  if (fit === 'affine') return outerEyesAndNose(landmarks);
  const { leftEye, rightEye, nose, mouthLeft, mouthRight } = fivePoints(landmarks);
  return [leftEye, rightEye, nose, mouthLeft, mouthRight];
}

/**
 * The map of `from` (points of a face, in the order of {@link pointsOf}) to a template.
 * @throws UnusableFace when the points define no map
 */
export const align = (from: readonly Point[], { fit, points }: AlignmentTemplate): Affine =>
  fit === 'affine' ? affine(from, points) : similarity(from, points);

/**
 * The affine map that takes three points exactly to three others (Cramer's rule).
 * @throws UnusableFace when the points lie on a line, RangeError when they are not three
 */
export function affine(from: readonly Point[], to: readonly Point[]): Affine {
  const [p, q, r] = from;
  const [s, t, u] = to;
  if (!(p && q && r && s && t && u) || from.length !== 3 || to.length !== 3)
    throw new RangeError(`an affine map needs three pairs of points, ${from.length} and ${to.length} were given`);
  const [qx, qy, rx, ry] = [q[0] - p[0], q[1] - p[1], r[0] - p[0], r[1] - p[1]];
  const area = qx * ry - qy * rx;
  if (!(Math.abs(area) > 1e-9)) throw new UnusableFace('the landmarks lie on a line: no face can be aligned on them');
  const row = (axis: 0 | 1): [number, number, number] => {
    const [dq, dr] = [t[axis] - s[axis], u[axis] - s[axis]];
    const a = (dq * ry - dr * qy) / area;
    const b = (dr * qx - dq * rx) / area;
    return [a, b, s[axis] - a * p[0] - b * p[1]];
  };
  return [...row(0), ...row(1)];
}

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
