import { type Affine, clampRegion, type Picture } from '../kit/opencv/picture.js';
import { type AlignmentTemplate, align, pointsOf } from './alignment.js';
import { squareAround } from './geometry.js';
import type { Box, Point } from './observation.js';

/** Side of the chip in sides of the face's box: landmarks and alignment need some of the surroundings. */
const MARGIN = 1.9;
/** A larger chip is averaged down first: sampling a 600-pixel face at 112 points would alias. */
const SIDE_MAX = 300;

/** The surroundings of one face, scaled down where large, and where it lies in the frame. */
export interface Chip {
  readonly picture: Picture;
  readonly x: number;
  readonly y: number;
  /** Chip pixels per frame pixel, ≤ 1. */
  readonly scale: number;
}

/** Cuts the chip of a face. @returns undefined when the box lies outside the frame. Release `picture` after use. */
export function cutChip(frame: Picture, box: Box): Chip | undefined {
  const side = Math.max(box.width, box.height) * MARGIN;
  const region = clampRegion(squareAround(box, side), frame.width, frame.height);
  if (!region) return undefined;
  const whole = frame.crop(region);
  const scale = Math.min(1, SIDE_MAX / side);
  if (scale === 1) return { picture: whole, x: region.x, y: region.y, scale };
  const picture = whole.resize(
    Math.max(1, Math.round(region.width * scale)),
    Math.max(1, Math.round(region.height * scale)),
    'area',
  );
  whole.release();
  return { picture, x: region.x, y: region.y, scale };
}

export const toChip = (chip: Chip, [x, y]: Point): Point => [(x - chip.x) * chip.scale, (y - chip.y) * chip.scale];

/** Warps a square of the frame (it may reach outside, where it is black) to size × size pixels. */
export function warpSquare(chip: Chip, square: Box, size: number): Picture {
  const [x, y] = toChip(chip, [square.x, square.y]);
  const zoom = size / (square.width * chip.scale);
  const matrix: Affine = [zoom, 0, -x * zoom, 0, zoom, -y * zoom];
  return chip.picture.warp(matrix, size, size);
}

/** The aligned face: the chip turned, scaled and shifted so that its points lie where the template wants them. @param landmarks 68, in the frame's pixels */
export function warpAligned(chip: Chip, landmarks: readonly Point[], template: AlignmentTemplate): Picture {
  const from = pointsOf(landmarks, template.fit).map((point) => toChip(chip, point));
  return chip.picture.warp(align(from, template), template.size, template.size);
}
