// pure
import type { Point } from '../../face/observation.js';
import { ramp } from './ramp.js';
import { thinPlate } from './thin-plate.js';

/**
 * Where things stand in a head: origin in the middle between brow and chin, x to the right, y down, and 1 is the height from
 * brow to chin, about 12 cm.
 */
export type HeadPoint = Point;

/**
 * How far each of the 68 landmarks (iBUG order) of a common head stands out towards the camera, against the cheeks, in
 * heights of the face: ears lie 8 cm behind, the tip of the nose 4 cm in front. A head that is turned on its photo adds a
 * slanting plane to this, which moves as a plane does; so one table serves all photos.
 */
// biome-ignore format: one line a part of the face
const STANDS_OUT: readonly number[] = [
  -0.65, -0.62, -0.56, -0.48, -0.36, -0.22, -0.08, 0.04, 0.09, 0.04, -0.08, -0.22, -0.36, -0.48, -0.56, -0.62, -0.65,
  -0.14, -0.02, 0.06, 0.1, 0.12, 0.12, 0.1, 0.06, -0.02, -0.14,
  0.1, 0.18, 0.26, 0.33, 0.1, 0.15, 0.19, 0.15, 0.1,
  -0.1, -0.03, -0.01, -0.02, -0.02, -0.05, -0.02, -0.01, -0.03, -0.1, -0.05, -0.02,
  0.02, 0.1, 0.15, 0.16, 0.15, 0.1, 0.02, 0.09, 0.13, 0.14, 0.13, 0.09,
  0.03, 0.11, 0.13, 0.11, 0.03, 0.1, 0.12, 0.1,
];

/** The outline of a head with its hair. */
export const OUTLINE = { x: 0, y: -0.12, halfWidth: 0.78, halfHeight: 0.95 } as const;
/** The outline stands so far behind the cheeks. */
const OUTLINE_DEPTH = -0.55;
const OUTLINE_POINTS = 16;
/** Lips and lids are closer together than they are exact. */
const STIFFNESS = 2e-3;

/** How far from the middle of the head, 1 on its outline. */
export const fromMiddle = (x: number, y: number): number =>
  Math.hypot((x - OUTLINE.x) / OUTLINE.halfWidth, (y - OUTLINE.y) / OUTLINE.halfHeight);

/**
 * The shape of a head from its photo: how far each place stands out towards the camera, in heights of the face. Beyond the
 * outline it is as far as the outline.
 * @param landmarks 68
 */
export function faceDepth(landmarks: readonly HeadPoint[]): (x: number, y: number) => number {
  if (landmarks.length !== STANDS_OUT.length)
    throw new RangeError(`68 landmarks are needed, ${landmarks.length} were given`);
  const outline = Array.from({ length: OUTLINE_POINTS }, (_, i): HeadPoint => {
    const angle = (2 * Math.PI * i) / OUTLINE_POINTS;
    return [OUTLINE.x + OUTLINE.halfWidth * Math.cos(angle), OUTLINE.y + OUTLINE.halfHeight * Math.sin(angle)];
  });
  const surface = thinPlate(
    [...landmarks, ...outline],
    [...STANDS_OUT, ...outline.map(() => OUTLINE_DEPTH)],
    STIFFNESS,
  );
  return (x, y) => {
    const beyond = ramp(fromMiddle(x, y), 0.85, 1.05);
    return beyond === 1 ? OUTLINE_DEPTH : surface(x, y) * (1 - beyond) + OUTLINE_DEPTH * beyond;
  };
}
