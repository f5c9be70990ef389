// pure
import type { HeadPoint } from './face-depth.js';

interface Eye {
  readonly x: number;
  readonly halfWidth: number;
  /** Of lids and brow at the middle of the eye, and of the line from corner to corner. */
  readonly upper: number;
  readonly lower: number;
  readonly corners: number;
  readonly brow: number;
}

/** A closed lid leaves so much of the eye's opening. */
const LEFT_OPEN = 0.08;

/**
 * How lids that close move the picture of a face: the upper lid comes down over the eye, the skin up to the brow follows.
 * @param landmarks 68. @returns how far down a place moves when the lids are `closed` (0–1); 0 outside the eyes
 */
export function eyelids(landmarks: readonly HeadPoint[]): (x: number, y: number, closed: number) => number {
  const eyes = [
    eye(landmarks.slice(36, 42), landmarks.slice(17, 22)),
    eye(landmarks.slice(42, 48), landmarks.slice(22, 27)),
  ];
  return (x, y, closed) => eyes.reduce((sum, one) => sum + lowered(one, x, y) * closed, 0);
}

/** @param points outer corner, two of the upper lid, corner, two of the lower lid (or mirrored) */
function eye(points: readonly HeadPoint[], brow: readonly HeadPoint[]): Eye {
  const [a, b, c, d, e, f] = points as [HeadPoint, HeadPoint, HeadPoint, HeadPoint, HeadPoint, HeadPoint];
  return {
    x: (a[0] + d[0]) / 2,
    // Lids end a little beyond the corners.
    halfWidth: Math.abs(d[0] - a[0]) * 0.58,
    corners: (a[1] + d[1]) / 2,
    upper: (b[1] + c[1]) / 2,
    lower: (e[1] + f[1]) / 2,
    brow: brow.reduce((sum, [, y]) => sum + y, 0) / brow.length,
  };
}

function lowered({ x: middle, halfWidth, upper, lower, corners, brow }: Eye, x: number, y: number): number {
  const across = (x - middle) / halfWidth;
  if (!(Math.abs(across) < 1)) return 0;
  // The lids are arcs from corner to corner.
  const arc = 1 - across * across;
  const top = corners + (upper - corners) * arc;
  const bottom = corners + (lower - corners) * arc;
  if (!(y > brow && y < bottom)) return 0;
  const open = (bottom - top) * (1 - LEFT_OPEN);
  if (y >= top) return bottom > top ? ((bottom - y) / (bottom - top)) * open : 0;
  return top > brow ? ((y - brow) / (top - brow)) ** 2 * open : 0;
}
