import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { explain, OperatingError } from '../../kit/errors.js';

const pinSchema = z.strictObject({
  blob: z.string().regex(/^[0-9a-f]{40}$/, 'must be 40 hex digits'),
  shape: z.array(z.int().min(1).max(4096)).min(1).max(4),
});
const pinsSchema = z.strictObject({
  source: z.string().min(1).max(200),
  /** By file name: the 226 of the original's folder. Two of them, inception_5a_3x3_conv2_m and _v, are stray copies that no layer uses. */
  arrays: z.record(z.string().regex(/^[a-z0-9_]{1,60}\.csv$/), pinSchema),
});

/** What a file must hold: `blob` is git's id of its contents, `shape` that of the array in C order. */
export type ArrayPin = z.infer<typeof pinSchema>;
/** The files of an original, by name, and where they come from. */
export type ArrayPins = z.infer<typeof pinsSchema>;

/** Reads `<root>/models/openface-cmu/arrays.json`, a part of the release. @throws OperatingError KAIMON_MODEL_MANIFEST */
export function readPins(root: string): ArrayPins {
  const file = join(root, 'models', 'openface-cmu', 'arrays.json');
  try {
    return pinsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_MODEL_MANIFEST',
      `${file} cannot be used (${explain(cause)}): restore it from the release`,
      { cause },
    );
  }
}

/** Numbers in an array. */
export const countOf = ({ shape }: ArrayPin): number => shape.reduce((product, side) => product * side, 1);
