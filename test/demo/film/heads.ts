import type { HeadPoint } from '../../../src/demo/film/face-depth.js';

/** 68 landmarks of a common face, in heights of the face from its middle, iBUG order. */
export const LANDMARKS: readonly HeadPoint[] = [
  // Jaw.
  ...Array.from({ length: 17 }, (_, i): HeadPoint => {
    const angle = (Math.PI * (16 - i)) / 16;
    return [0.55 * Math.cos(angle), -0.2 + 0.72 * Math.sin(angle)];
  }),
  // Brows.
  ...[-0.42, -0.34, -0.26, -0.18, -0.1, 0.1, 0.18, 0.26, 0.34, 0.42].map((x): HeadPoint => [x, -0.42]),
  // Nose: bridge, then base.
  ...[-0.26, -0.16, -0.06, 0.04].map((y): HeadPoint => [0, y]),
  ...[-0.1, -0.05, 0, 0.05, 0.1].map((x): HeadPoint => [x, 0.1]),
  // Eyes: corner, two above, corner, two below.
  ...[-0.24, 0.24].flatMap((x): HeadPoint[] => [
    [x - 0.1, -0.25],
    [x - 0.03, -0.29],
    [x + 0.03, -0.29],
    [x + 0.1, -0.25],
    [x + 0.03, -0.22],
    [x - 0.03, -0.22],
  ]),
  // Lips, outside and inside.
  ...Array.from({ length: 20 }, (_, i): HeadPoint => {
    const [angle, size] = i < 12 ? [(2 * Math.PI * i) / 12, 1] : [(2 * Math.PI * (i - 12)) / 8, 0.6];
    return [-0.2 * size * Math.cos(angle), 0.28 - 0.06 * size * Math.sin(angle)];
  }),
];

/** An upright head on a photo with 100 pixels a height of the face, its middle at (200, 150). */
export const TO_TEXTURE = [100, 0, 200, 0, 100, 150] as const;
