import { messageOf, OperatingError } from '../../kit/errors.js';
import { csvBytesMax, gitBlobId, parseCsv } from './cmu-csv.js';
import { type ArrayPin, type ArrayPins, countOf } from './cmu-pins.js';
import { type CsvSource, openCsvSource } from './cmu-source.js';
import type { NamedArray } from './weights.js';

/** So many faulty files are named; the others are only counted. */
const NAMED_MAX = 5;

/**
 * Reads every pinned file out of a folder or an archive: its length first, then git's id of its contents, then its numbers.
 * @returns the arrays by file name without `.csv`
 * @throws OperatingError KAIMON_OPENFACE_READ when there is nothing to read from, KAIMON_OPENFACE_FILES when a file is
 *   missing or not the original; one error for all of them
 */
export async function readOpenFaceArrays(from: string, pins: ArrayPins): Promise<Map<string, NamedArray>> {
  const files = Object.entries(pins.arrays);
  const source = await openCsvSource(from, new Map(files.map(([file, pin]) => [file, csvBytesMax(countOf(pin))])));
  const arrays = new Map<string, NamedArray>();
  const faults: string[] = [];
  for (const [file, pin] of files) {
    const array = await readArray(source, file, pin);
    if ('fault' in array) faults.push(`${file} ${array.fault}`);
    else arrays.set(file.replace(/\.csv$/, ''), array);
  }
  if (faults.length > 0) throw notTheOriginal(from, faults, files.length, pins.source);
  return arrays;
}

async function readArray(source: CsvSource, file: string, pin: ArrayPin): Promise<NamedArray | { fault: string }> {
  const found = await source.read(file);
  if ('fault' in found) return found;
  const blob = gitBlobId(found);
  if (blob !== pin.blob) return { fault: `is not the original (git blob id ${blob}, expected ${pin.blob})` };
  try {
    return { shape: pin.shape, data: parseCsv(new TextDecoder('latin1').decode(found), countOf(pin)) };
  } catch (cause) {
    return { fault: `cannot be used: ${messageOf(cause)}` };
  }
}

function notTheOriginal(from: string, faults: readonly string[], total: number, source: string): OperatingError {
  const named = faults.slice(0, NAMED_MAX).join('; ');
  const more = faults.length > NAMED_MAX ? `; and ${faults.length - NAMED_MAX} more` : '';
  return new OperatingError(
    'KAIMON_OPENFACE_FILES',
    `${faults.length} of OpenFace's ${total} files in ${from} cannot be used: ${named}${more}. Nothing was written. Get all of them unchanged from ${source} (Apache-2.0), best as the archive that GitHub offers: a checkout that converts line ends changes every file`,
  );
}
