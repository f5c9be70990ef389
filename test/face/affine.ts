import type { Point } from '../../src/face/observation.js';
import type { Affine } from '../../src/kit/opencv/picture.js';

/** Where a warp takes a point. */
export const applyAffine = (m: Affine, [x, y]: Point): Point => [
  m[0] * x + m[1] * y + m[2],
  m[3] * x + m[4] * y + m[5],
];
