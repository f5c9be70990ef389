import { posix } from 'node:path';
import { tarMembers, unzipTar } from '../tarball.js';

/** A file, or why it cannot be used; `fault` completes "bn1_b.csv …". */
export type Found = Uint8Array | { readonly fault: string };

/** The files to take, by name, each with the bytes that it may have at most. */
export type SizeLimits = ReadonlyMap<string, number>;

export const tooLong = (bytes: number, bytesMax: number): Found => ({
  fault: `has ${bytes} bytes, at most ${bytesMax} are expected`,
});

/** Entries of a .zip; Keras-OpenFace has 300. */
const ENTRIES_MAX = 20_000;

/**
 * Takes the files of `limits` out of a .zip, .tar.gz or .tar in memory, whatever folders the archive puts them in. Nothing is
 * written, and no file is unpacked beyond its bound. @throws Error when it is no archive or a damaged one
 */
export async function archiveFiles(archive: Buffer, limits: SizeLimits): Promise<Map<string, Found>> {
  const files = new Map<string, Found>();
  for (const [path, found] of await membersOf(archive, limits)) {
    const file = posix.basename(path);
    files.set(file, files.has(file) ? { fault: 'is in the archive twice' } : found);
  }
  return files;
}

type Member = readonly [path: string, found: Found];

async function membersOf(archive: Buffer, limits: SizeLimits): Promise<Member[]> {
  if (archive.toString('latin1', 0, 4) === 'PK\x03\x04') return ofZip(archive, limits);
  if (archive[0] === 0x1f && archive[1] === 0x8b) return ofTar(unzipTar(archive), limits);
  if (archive.toString('latin1', 257, 262) === 'ustar') return ofTar(archive, limits);
  throw new RangeError('it is neither a .zip nor a .tar.gz nor a .tar');
}

function ofTar(tar: Buffer, limits: SizeLimits): Member[] {
  const members: Member[] = [];
  for (const { name, ordinary, bytes } of tarMembers(tar)) {
    const bytesMax = limits.get(posix.basename(name));
    if (bytesMax === undefined) continue;
    if (!ordinary) members.push([name, { fault: 'is no plain file in the archive' }]);
    else members.push([name, bytes.length > bytesMax ? tooLong(bytes.length, bytesMax) : bytes]);
  }
  return members;
}

async function ofZip(zip: Buffer, limits: SizeLimits): Promise<Member[]> {
  // Loaded here: every other command does without.
  const { unzipSync } = await import('fflate');
  const refused: Member[] = [];
  let entries = 0;
  const taken = unzipSync(zip, {
    filter: ({ name, size, originalSize, compression }) => {
      if (++entries > ENTRIES_MAX) throw new RangeError(`it has more than ${ENTRIES_MAX} entries`);
      const bytesMax = limits.get(posix.basename(name));
      if (bytesMax === undefined) return false;
      // The sizes are what the archive says; fflate unpacks into a buffer of that size and no further.
      const bytes = compression === 0 ? size : originalSize;
      if (bytes <= bytesMax) return true;
      refused.push([name, tooLong(bytes, bytesMax)]);
      return false;
    },
  });
  return [...Object.entries(taken), ...refused];
}
