// pure
import type { Canvas } from './film/space.js';

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

/**
 * Blue, green and red of the lamp at the gate against the light of the photos: a warm one. It lights people and pictures alike. The
 * photos come from an album, sharpened and coloured; in this light both liveness networks take living people for what they are.
 */
export const LAMP = [0.78, 1, 1.15] as const;

/** Multiplies by the light of each colour and adds noise of the given standard deviation, taken from a table of unit noise. */
export function expose(
  pixels: Uint8Array,
  light: readonly [blue: number, green: number, red: number],
  noise: number,
  table: Float32Array,
  offset: number,
): void {
  for (let i = 0, n = offset % table.length; i < pixels.length; i++) {
    const value = (pixels[i] as number) * (light[i % 3] as number) + noise * (table[n] as number);
    pixels[i] = Math.max(0, Math.min(255, value));
    n += 1;
    if (n === table.length) n = 0;
  }
}

/** Gaussian noise of standard deviation 1 (Box and Muller 1958). */
export function noiseTable(length: number, random: () => number): Float32Array {
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}
