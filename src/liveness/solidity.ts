// pure
import { distance } from '../face/landmarks.js';
import type { Box, Point } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';
import { planeResidual } from './homography.js';

/** The points of a face at one time. */
export interface Shape {
  readonly atMs: MonotonicMs;
  readonly points: readonly Point[];
  /** Width of the face in pixels: √(width × height) of its box. */
  readonly size: number;
}

/** How one shape of a face differs from another, in widths of the face. */
export interface Change {
  /** The part that no movement of a flat picture explains: rms distance after the best homography. */
  readonly residual: number;
  /** Mean movement of the points. */
  readonly shift: number;
}

/** Landmarks from here on: brows, nose, eyes, mouth. The jaw line slides along the face and is left out. */
const FIRST_INNER_POINT = 17;
const LANDMARKS = 68;
/** Shapes this far apart are compared: a face hardly changes in less time, and people do not wait for more. */
const AGE_MS = { least: 300, most: 1300 } as const;
/** Shapes are kept at least this far apart… */
const SPACING_MS = 90;
/** …so that this many cover {@link AGE_MS}. */
const SHAPES_MAX = 16;
/** A face whose width changed by more than this came nearer, or went away, too fast to be compared. */
const SIZE_RATIO_MAX = 1.5;

/**
 * The shape of a face from its landmarks; undefined when they are too few or not finite.
 * Landmarks and not optical flow (Lucas–Kanade, 120 corners): on the runs and clips of liveness-dev, 0.4–0.6 s apart, they
 * part live faces from prints with AUC 0.999 against 0.80, follow prints that move too fast for the flow (33 pairs against
 * 9), hold in noise and dark, and are measured anyway. Against screens that show a moving face neither helps (0.64, 0.68).
 */
export function shapeOf(landmarks: readonly Point[], box: Box, atMs: MonotonicMs): Shape | undefined {
  const size = Math.sqrt(box.width * box.height);
  const sound = landmarks.length === LANDMARKS && size > 1 && landmarks.every((point) => point.every(Number.isFinite));
  return sound ? { atMs, points: landmarks.slice(FIRST_INNER_POINT), size } : undefined;
}

/** Compares two shapes of one face; undefined when they cannot be compared. */
export function compareShapes(a: Shape, b: Shape): Change | undefined {
  const ratio = b.size / a.size;
  if (!(ratio <= SIZE_RATIO_MAX && ratio >= 1 / SIZE_RATIO_MAX)) return undefined;
  const residual = planeResidual(a.points, b.points);
  if (residual === undefined) return undefined;
  const moved = a.points.reduce((sum, point, i) => sum + distance(point, b.points[i] as Point), 0) / a.points.length;
  return { residual: residual / b.size, shift: moved / b.size };
}

/** A face that moved less says nothing: the residual is then only the jitter of the landmarks. */
const SHIFT_MIN = 0.02;
/**
 * Between the residual of flat pictures (NUAA prints of liveness-dev, medians: 0.0022 of a face width at a shift of
 * 0.02–0.1, 0.0026 at 0.1–0.3, 0.0032 at 0.3–0.7; 95 in 100 below 0.0054, 0.0046, 0.0072) and of live faces (medians
 * 0.0056, 0.0152, 0.0425; people asked to sit still at a shift of 0.02–0.1: 0.004). Single pairs overlap; over a track no
 * print run came above, with noise or in the dark either, while two of three people who sat still did.
 */
const flatLimit = (shift: number) => 0.0035 + 0.006 * shift;

/**
 * How solid a change is: 0 at the limit between flat and solid, 1 from twice as much on, −0.5 at least (a solid face
 * that only slides along looks flat too). Undefined when the face moved too little to tell.
 */
export function solidity({ residual, shift }: Change): number | undefined {
  if (!(shift >= SHIFT_MIN)) return undefined;
  return Math.min(1, Math.max(-0.5, residual / flatLimit(shift) - 1));
}

/** How solid the newest shape is against those before it: the median, so that one badly seen shape decides nothing. */
export function newestSolidity(before: readonly Shape[], newest: Shape): number | undefined {
  const found: number[] = [];
  for (const shape of before) {
    const age = newest.atMs - shape.atMs;
    if (!(age >= AGE_MS.least && age <= AGE_MS.most)) continue;
    const change = compareShapes(shape, newest);
    const value = change && solidity(change);
    if (value !== undefined) found.push(value);
  }
  found.sort((a, b) => a - b);
  return found[Math.floor((found.length - 1) / 2)];
}

/** Keeps the newest shape for later comparisons; at most {@link SHAPES_MAX}, none older than needed. */
export function rememberShape(before: readonly Shape[], newest: Shape): readonly Shape[] {
  const last = before.at(-1);
  if (last && !(newest.atMs - last.atMs >= SPACING_MS)) return before;
  return [...before.filter((shape) => newest.atMs - shape.atMs <= AGE_MS.most), newest].slice(-SHAPES_MAX);
}
