/** Finds a line by its number in a file of the journal or of its personal fields, in a few small reads. */
import type { JournalDisk } from '../disk.js';

/** Larger than two of the longest lines (sealed personal fields: 8 KiB): a part of this size holds the beginning of a whole one. */
const PROBE_BYTES = 20 * 1024;
/** A part of the file that is so small is read from its beginning. */
const NEAR_BYTES = 64 * 1024;

const NUMBER = /^\{(?:"v":1,)?"n":(\d{1,16}),/;

/** The number of the line that begins at `from`; undefined where none does. */
export function numberAt(bytes: Buffer, from: number): number | undefined {
  const digits = NUMBER.exec(bytes.toString('latin1', from, from + 32))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Where a line begins before which all lines have a smaller number than `n`, not far from the first one that has not.
 * @returns a byte of the file; undefined where there is no such file @throws OperatingError KAIMON_FILE_READ
 */
export async function findLine(disk: Pick<JournalDisk, 'slice'>, name: string, n: number): Promise<number | undefined> {
  const size = (await disk.slice(name, 0, 0))?.size;
  if (size === undefined) return undefined;
  let [low, high] = [0, size];
  while (high - low > NEAR_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const bytes = (await disk.slice(name, middle, PROBE_BYTES))?.bytes ?? Buffer.alloc(0);
    const found = firstNumbered(bytes);
    // Without a line that can be read nothing is known of what comes before it.
    if (found === undefined || found.number >= n) high = middle;
    else low = middle + found.at;
  }
  return low;
}

function firstNumbered(bytes: Buffer): { readonly number: number; readonly at: number } | undefined {
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, end + 1)) {
    const number = numberAt(bytes, end + 1);
    if (number !== undefined) return { number, at: end + 1 };
  }
  return undefined;
}
