import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explain, OperatingError } from '../../kit/errors.js';
import { errnoOf } from '../../kit/files/errno.js';
import { archiveFiles, type Found, type SizeLimits, tooLong } from './cmu-archive.js';

/** A folder or an archive with the CSV files. */
export interface CsvSource {
  /** Gives only files that were named at opening. One over its size limit is not read. */
  read(file: string): Promise<Found>;
}

/** The whole repository, as GitHub packs it, has some 150 MB. */
const ARCHIVE_BYTES_MAX = 400_000_000;

/**
 * Opens a folder (the files lie in it or in its subfolder weights/) or an archive (.zip, .tar.gz, .tar; folders in it do
 * not matter). @throws OperatingError KAIMON_OPENFACE_READ
 */
export async function openCsvSource(from: string, limits: SizeLimits): Promise<CsvSource> {
  try {
    const found = await stat(from);
    if (found.isDirectory()) {
      const folder = await folderOf(from, limits);
      return { read: (file) => readBounded(join(folder, file), limits.get(file) ?? 0) };
    }
    if (!found.isFile()) throw new RangeError('it is neither a folder nor a plain file');
    if (found.size > ARCHIVE_BYTES_MAX)
      throw new RangeError(`it has ${found.size} bytes, at most ${ARCHIVE_BYTES_MAX} are allowed`);
    const files = await archiveFiles(await readFile(from), limits);
    return { read: async (file) => files.get(file) ?? { fault: 'is missing' } };
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_OPENFACE_READ',
      `cannot read OpenFace's weights from ${from} (${explain(cause)}): --from takes a folder with the CSV files, or a .zip, .tar.gz or .tar of it`,
      { cause },
    );
  }
}

async function folderOf(from: string, limits: SizeLimits): Promise<string> {
  const names = await readdir(from);
  const below = names.includes('weights') && !names.some((name) => limits.has(name));
  return below ? join(from, 'weights') : from;
}

async function readBounded(path: string, bytesMax: number): Promise<Found> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return { fault: 'is no plain file' };
    if (found.size > bytesMax) return tooLong(found.size, bytesMax);
    return await readFile(path);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    return { fault: errno === 'ENOENT' ? 'is missing' : `cannot be read (${errno})` };
  }
}
