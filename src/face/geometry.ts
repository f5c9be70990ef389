// pure
import type { Box, Point } from './observation.js';

export const area = (box: Box): number => Math.max(0, box.width) * Math.max(0, box.height);

export const centre = (box: Box): Point => [box.x + box.width / 2, box.y + box.height / 2];

/** Two boxes that overlap at least so much (IoU) are of one face: in successive frames, or found twice in one. */
export const SAME_FACE_IOU = 0.25;

/** Intersection over union, 0…1. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

/** The smallest box around points. */
export function boundsOf(points: readonly Point[]): Box {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** A square of the given side around the centre of a box. */
export function squareAround(box: Box, side: number): Box {
  const [x, y] = centre(box);
  return { x: x - side / 2, y: y - side / 2, width: side, height: side };
}

/**
 * The part of a frame around a box that the confirming network sees: `context` × the box's side high and 4/3 as wide
 * (the network's own proportions), shifted inside the frame, cut where the frame is smaller.
 */
export function contextRegion(box: Box, context: number, frameWidth: number, frameHeight: number): Box {
  const [cx, cy] = centre(box);
  const height = Math.min(frameHeight, Math.round(box.height * context));
  const width = Math.min(frameWidth, Math.round((box.height * context * 4) / 3));
  const x = Math.round(Math.min(Math.max(0, cx - width / 2), frameWidth - width));
  const y = Math.round(Math.min(Math.max(0, cy - height / 2), frameHeight - height));
  return { x, y, width, height };
}

/** Greedy non-maximum suppression: the best-scored of every group that overlaps by more than `threshold` (IoU). */
export function suppress<T extends { readonly box: Box; readonly score: number }>(
  found: readonly T[],
  threshold: number,
): T[] {
  const kept: T[] = [];
  for (const candidate of [...found].sort((a, b) => b.score - a.score))
    if (kept.every((other) => iou(candidate.box, other.box) <= threshold)) kept.push(candidate);
  return kept;
}
