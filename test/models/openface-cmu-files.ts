import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArrayPins } from '../../src/models/openface/cmu-pins.js';

/** As `git hash-object` names a file's contents, written apart from the product. */
export const blobOf = (text: string): string =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');

/** The pins of made-up files: one number a field. */
export const pinsOf = (files: Readonly<Record<string, { text: string; shape: number[] }>>): ArrayPins => ({
  source: 'a test',
  arrays: Object.fromEntries(
    Object.entries(files).map(([file, { text, shape }]) => [file, { blob: blobOf(text), shape }]),
  ),
});

/** Writes files into a folder that is made. @returns the folder */
export async function folderOf(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  return folder;
}

/** Made-up numbers for an array of nn4.small2, with which the network computes something: batch norms do little. */
export function madeUp(file: string, shape: readonly number[]): string {
  const count = shape.reduce((product, side) => product * side, 1);
  if (/bn\d?_[vw]\.csv$/.test(file)) return `${new Array(count).fill('1').join()}\n`;
  if (shape.length === 1) return `${new Array(count).fill('0.01').join()}\n`;
  const size = Math.sqrt(2 / (count / (shape[0] as number)));
  return `${Array.from({ length: count }, (_, i) => (size * Math.sin(0.731 * i + 0.5)).toFixed(4)).join()}\n`;
}
