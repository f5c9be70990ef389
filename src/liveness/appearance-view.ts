// pure
import { centre } from '../face/geometry.js';
import type { Box } from '../face/observation.js';
import type { Region } from '../kit/opencv/picture.js';

/** The face as a square: boxes of the confirming network are taller than wide, and a squeezed face is judged worse. */
export function faceSquare(box: Box): Box {
  const side = Math.sqrt(Math.max(0, box.width) * Math.max(0, box.height));
  const [x, y] = centre(box);
  return { x: x - side / 2, y: y - side / 2, width: side, height: side };
}

export interface View {
  readonly region: Region;
  /** Sides of the face that the region shows: the wanted scale, or what the frame has room for. */
  readonly context: number;
  /** Share of the face's square inside the frame, 0…1. */
  readonly inside: number;
}

/**
 * The square around a face that a network looks at: `scale` sides, shrunk to what the frame has room for, then shifted
 * inside it (the convention of Silent-Face-Anti-Spoofing, with which these networks were trained). Undefined for a box
 * that has no size or lies outside the frame.
 */
export function appearanceView(box: Box, scale: number, frameWidth: number, frameHeight: number): View | undefined {
  const square = faceSquare(box);
  const side = square.width;
  const inside = insideShare(square, frameWidth, frameHeight);
  if (!(side >= 1) || !(inside > 0)) return undefined;
  const context = Math.min(scale, (frameHeight - 1) / side, (frameWidth - 1) / side);
  const length = side * context;
  const [cx, cy] = centre(square);
  const start = (middle: number, limit: number) => Math.min(Math.max(0, middle - length / 2), limit - 1 - length);
  const [left, top] = [start(cx, frameWidth), start(cy, frameHeight)];
  const x = Math.max(0, Math.floor(left));
  const y = Math.max(0, Math.floor(top));
  const width = Math.min(frameWidth, Math.floor(left + length) + 1) - x;
  const height = Math.min(frameHeight, Math.floor(top + length) + 1) - y;
  return { region: { x, y, width, height }, context, inside };
}

function insideShare(box: Box, width: number, height: number): number {
  const w = Math.min(width, box.x + box.width) - Math.max(0, box.x);
  const h = Math.min(height, box.y + box.height) - Math.max(0, box.y);
  return w > 0 && h > 0 ? Math.min(1, (w * h) / (box.width * box.height)) : 0;
}
