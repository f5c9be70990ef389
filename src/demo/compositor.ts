// pure
import type { Affine } from '../kit/opencv/picture.js';

/** A photo warped into the frame, and what of the frame it may fill. */
export interface Layer {
  /** BGR, width × height × 3, of the frame's size. */
  readonly pixels: Uint8Array;
  /** Photo's pixels to the frame's. */
  readonly matrix: Affine;
  /** Of the photo. */
  readonly source: Canvas;
  /** Columns of the frame that are its own: from, up to. */
  readonly strip: readonly [number, number];
}

/** A telephone that is held up: its screen shows the photo. */
export interface Phone {
  readonly pixels: Uint8Array;
  readonly x: number;
  readonly y: number;
  /** Of the face on the screen. */
  readonly height: number;
}

export interface Canvas {
  readonly width: number;
  readonly height: number;
}

/** A grey wall, lighter above: what the camera sees when nobody is there. */
export function paintWall(into: Uint8Array, { width, height }: Canvas): void {
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const shade = 120 - (50 * y) / height + 12 * Math.sin(x / 90);
      into[at++] = shade * 1.02;
      into[at++] = shade;
      into[at++] = shade * 0.97;
    }
}

/** Paints the photo where it has pixels: with its own surroundings, as a camera would see the person. */
export function paintLayer(into: Uint8Array, { width, height }: Canvas, layer: Layer): void {
  const [a, b, c, d, e, f] = layer.matrix;
  const area = a * e - b * d;
  const [left, right] = layer.strip;
  for (let y = 0; y < height; y++)
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      const [dx, dy] = [x - c, y - f];
      const sx = (e * dx - b * dy) / area;
      const sy = (a * dy - d * dx) / area;
      if (!(sx >= 0 && sy >= 0 && sx <= layer.source.width - 1 && sy <= layer.source.height - 1)) continue;
      const at = (y * width + x) * 3;
      for (let i = at; i < at + 3; i++) into[i] = layer.pixels[i] as number;
    }
}

/** Half sizes in heights of the face. */
const BODY = { x: 0.72, y: 1.3 };
const SCREEN = { x: 0.66, y: 1.12 };

/** Paints a telephone: a dark body, and a screen that is bluish, flat and striped as a camera sees one. */
export function paintPhone(into: Uint8Array, { width, height }: Canvas, phone: Phone): void {
  const { pixels, height: size } = phone;
  for (let y = Math.max(0, Math.floor(phone.y - BODY.y * size)); y < Math.min(height, phone.y + BODY.y * size); y++)
    for (let x = Math.max(0, Math.floor(phone.x - BODY.x * size)); x < Math.min(width, phone.x + BODY.x * size); x++) {
      const lit = Math.abs(x - phone.x) < SCREEN.x * size && Math.abs(y - phone.y) < SCREEN.y * size;
      const stripe = 1 + 0.05 * Math.sin(x * 1.9 + y * 0.35);
      const at = (y * width + x) * 3;
      for (let i = 0; i < 3; i++)
        into[at + i] = lit ? Math.min(255, (0.75 * (pixels[at + i] as number) + (i === 0 ? 48 : 34)) * stripe) : 20;
    }
}

/** Multiplies by the light and adds noise of the given standard deviation, taken from a table of unit noise. */
export function expose(pixels: Uint8Array, light: number, noise: number, table: Float32Array, offset: number): void {
  for (let i = 0, n = offset % table.length; i < pixels.length; i++) {
    const value = (pixels[i] as number) * light + noise * (table[n] as number);
    pixels[i] = Math.max(0, Math.min(255, value));
    n += 1;
    if (n === table.length) n = 0;
  }
}

/** Gaussian noise of standard deviation 1 (Box and Muller 1958). */
export function noiseTable(length: number, random: () => number): Float32Array {
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}
