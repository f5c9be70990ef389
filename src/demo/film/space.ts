// pure
import type { Turn } from './movement.js';

/** x to the right, y down, z towards the camera. */
export type Place = readonly [x: number, y: number, z: number];

export interface Canvas {
  readonly width: number;
  readonly height: number;
}

/** Pixels: a thing as far away as it is wide fills so much of the frame. About 52° across 640 pixels. */
export const FOCAL_PX = 650;

/** Turns a place around the origin: first sideways (yaw), then up and down (pitch), then in the picture (roll). */
export function turned([x, y, z]: Place, { yaw, pitch, roll }: Turn): Place {
  const [cy, sy] = cosSin(yaw);
  const [cp, sp] = cosSin(pitch);
  const [cr, sr] = cosSin(roll);
  const [x1, z1] = [x * cy - z * sy, x * sy + z * cy];
  const [y1, z2] = [y * cp + z1 * sp, -y * sp + z1 * cp];
  return [x1 * cr - y1 * sr, x1 * sr + y1 * cr, z2];
}

function cosSin(degrees: number): readonly [number, number] {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

/** Where the camera sees a place: a pinhole in front of the frame's middle. @param distance from the camera to z = 0 */
export function seen([x, y, z]: Place, distance: number, { width, height }: Canvas): readonly [number, number] {
  const scale = FOCAL_PX / (distance - z);
  return [width / 2 + x * scale, height / 2 + y * scale];
}
