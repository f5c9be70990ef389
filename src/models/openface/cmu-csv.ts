// pure
import { createHash } from 'node:crypto';

/** The longest number of the originals, a comma behind it: `-1.2345678901234e-05,`; some spare. */
const NUMBER_BYTES_MAX = 24;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]\d{1,3})?$/;

/** Bytes that a file of `count` numbers has at most. */
export const csvBytesMax = (count: number): number => count * NUMBER_BYTES_MAX + 2;

/** The name that git gives to a file's contents, 40 hex digits: the originals are pinned by it. */
export const gitBlobId = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/**
 * Reads one line of `count` numbers with commas between. Each number is the 14-digit decimal of a float32, so reading it
 * as one loses nothing. @throws RangeError saying what is wrong
 */
export function parseCsv(text: string, count: number): Float32Array {
  const fields = text.replace(/\n$/, '').split(',');
  if (fields.length !== count) throw new RangeError(`it holds ${fields.length} numbers, ${count} are expected`);
  return Float32Array.from(fields, (field, i) => {
    const value = NUMBER.test(field) ? Math.fround(Number(field)) : Number.NaN;
    if (!Number.isFinite(value)) throw new RangeError(`its number ${i + 1} is ${JSON.stringify(field.slice(0, 24))}`);
    return value;
  });
}
