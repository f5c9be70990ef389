// pure
import { z } from 'zod';
import { centre } from '../face/geometry.js';
import type { Box, FaceLiveness } from '../face/observation.js';
import type { Region } from '../kit/opencv/picture.js';

/** A network that tells a living face from a picture of one; models/manifest.json says it for each. */
export const appearanceModelSchema = z.object({
  name: z.string(),
  file: z.string(),
  input: z.object({
    width: z.int().min(8).max(1024),
    height: z.int().min(8).max(1024),
    colour: z.enum(['rgb', 'bgr', 'grey']),
    mean: z.array(z.number()).min(1).max(3),
    scale: z.number().positive(),
  }),
  /** Side of its square view in sides of the face. */
  cropScale: z.number().min(1).max(6),
  /** Numbers that it gives, one a class, before softmax; `liveClass` counts from 0. */
  classes: z.int().min(2).max(100),
  liveClass: z.int().min(0).max(99),
});
export type AppearanceModel = z.infer<typeof appearanceModelSchema>;

/**
 * Outside these bounds the network fails open: noise of the sensor looks like skin to it, and so does a darkened print
 * (at a quarter of the light the noise estimate stays low, hence both). Measured on liveness-dev with added noise: the
 * estimate is 0.2–2.2 on clean faces, 3.0–4.3 at sd 5, from 5.8 on at sd 10, where prints begin to pass.
 */
export const APPEARANCE_BOUNDS = {
  /** Mean grey of the face, least. */
  brightness: 45,
  /** Estimated standard deviation of the pixel noise of the face at full resolution, most. */
  noise: 4,
  /** Sides of the face that the view must show, least. */
  context: 1.6,
  /** Share of the face's square that must lie inside the frame, least. */
  inside: 0.9,
} as const;

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
 * that has no size, or none of it in the frame.
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

/**
 * Estimated standard deviation of the pixel noise of a grey picture: Immerkær, "Fast noise variance estimation" (1996).
 * Not blind to texture, which may only make it larger. Infinity for a picture too small to tell.
 */
export function pixelNoise(grey: Uint8Array, width: number, height: number): number {
  if (width < 8 || height < 8 || grey.length !== width * height) return Number.POSITIVE_INFINITY;
  const px = (at: number) => grey[at] as number;
  let sum = 0;
  for (let y = 1; y < height - 1; y++)
    for (let i = y * width + 1, end = y * width + width - 1; i < end; i++) {
      const [up, down] = [i - width, i + width];
      const cross = px(up) + px(down) + px(i - 1) + px(i + 1);
      sum += Math.abs(px(up - 1) + px(up + 1) + px(down - 1) + px(down + 1) - 2 * cross + 4 * px(i));
    }
  return ((Math.sqrt(Math.PI / 2) / 6) * sum) / ((width - 2) * (height - 2));
}

/** Probability of one class by softmax; undefined for outputs that are not finite or not as many as there are classes. */
export function classShare(
  outputs: ArrayLike<number> | undefined,
  classes: number,
  wanted: number,
): number | undefined {
  const values = outputs === undefined ? [] : Array.from(outputs);
  if (values.length !== classes || !values.every(Number.isFinite)) return undefined;
  const top = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - top));
  const share = (weights[wanted] ?? Number.NaN) / weights.reduce((sum, weight) => sum + weight, 0);
  return Number.isFinite(share) ? share : undefined;
}

/** Why a face must not be scored; undefined when it may. */
export function whyNotScored(seen: {
  readonly brightness: number;
  readonly noise: number;
  readonly context: number;
  readonly inside: number;
}): Extract<FaceLiveness, { kind: 'unknown' }>['why'] | undefined {
  // Written so that NaN counts as outside.
  if (!(seen.context >= APPEARANCE_BOUNDS.context && seen.inside >= APPEARANCE_BOUNDS.inside)) return 'context';
  if (!(seen.brightness >= APPEARANCE_BOUNDS.brightness)) return 'dark';
  if (!(seen.noise <= APPEARANCE_BOUNDS.noise)) return 'noise';
  return undefined;
}

/** Several networks' answers for one face: the least of them; `fault` when one gave none. */
export function combine(scores: readonly (number | undefined)[]): FaceLiveness {
  const given = scores.filter((score): score is number => score !== undefined && score >= 0 && score <= 1);
  if (given.length === 0 || given.length < scores.length) return { kind: 'unknown', why: 'fault' };
  return { kind: 'scored', live: Math.min(...given) };
}
