// pure
import type { Box } from '../observation.js';

/** Frames are compared at this size. */
export const SMALL = { width: 64, height: 48 } as const;

/** Grey levels by which a pixel of the small picture must differ: it is the mean of a hundred or more, so noise does not reach it. */
const LEVELS_MIN = 10;

/**
 * Whether something moved since an earlier picture, people and the places below them apart: who stands there moves all the time.
 * @param now SMALL.width × SMALL.height grey levels. @param people boxes of faces, pixels of the frame. @param frame its size
 */
export function hasMoved(
  earlier: Uint8Array,
  now: Uint8Array,
  people: readonly Box[],
  frame: { readonly width: number; readonly height: number },
): boolean {
  if (earlier.length !== now.length) return true;
  const hidden = people.map((box) => shadowOf(box, frame));
  for (let y = 0, at = 0; y < SMALL.height; y++)
    for (let x = 0; x < SMALL.width; x++, at++)
      if (
        Math.abs((now[at] as number) - (earlier[at] as number)) >= LEVELS_MIN &&
        !hidden.some(({ left, right, top }) => x >= left && x <= right && y >= top)
      )
        return true;
  return false;
}

/** Head, shoulders and body of a person, in pixels of the small picture: from above the hair down to the end of the frame. */
function shadowOf({ x, y, width, height }: Box, frame: { readonly width: number; readonly height: number }) {
  const [sx, sy] = [SMALL.width / frame.width, SMALL.height / frame.height];
  const side = Math.sqrt(width * height);
  const [cx, cy] = [x + width / 2, y + height / 2];
  return { left: (cx - 1.9 * side) * sx - 1, right: (cx + 1.9 * side) * sx, top: (cy - 1.2 * side) * sy - 1 };
}
