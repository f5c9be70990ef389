import { posix } from 'node:path';
import { tarMembers, unzipTar } from '../tarball.js';

/** A file, or why there is none to look at; `fault` completes "bn1_b.csv …". */
export type Found = Uint8Array | { readonly fault: string };

/** The files wanted, by name, each with the bytes that it may have. */
export type Wanted = ReadonlyMap<string, number>;

export const tooLong = (bytes: number, bytesMax: number): Found => ({
  fault: `has ${bytes} bytes, at most ${bytesMax} are expected`,
});

/** Entries of a .zip; Keras-OpenFace has 300. */
const ENTRIES_MAX = 20_000;

/**
 * Takes the wanted files out of a .zip, .tar.gz or .tar in memory, whatever folders the archive puts them in. Nothing is
 * written, and no file is unpacked beyond its bound. @throws Error when it is no archive or a damaged one
 */
export async function archiveFiles(archive: Buffer, wanted: Wanted): Promise<Map<string, Found>> {
  const files = new Map<string, Found>();
  for (const [path, found] of await membersOf(archive, wanted)) {
    const file = posix.basename(path);
    files.set(file, files.has(file) ? { fault: 'is in the archive twice' } : found);
  }
  return files;
}

type Member = readonly [path: string, found: Found];

async function membersOf(archive: Buffer, wanted: Wanted): Promise<Member[]> {
  if (archive.toString('latin1', 0, 4) === 'PK\x03\x04') return ofZip(archive, wanted);
  if (archive[0] === 0x1f && archive[1] === 0x8b) return ofTar(unzipTar(archive), wanted);
  if (archive.toString('latin1', 257, 262) === 'ustar') return ofTar(archive, wanted);
  throw new RangeError('it is neither a .zip nor a .tar.gz nor a .tar');
}

function ofTar(tar: Buffer, wanted: Wanted): Member[] {
  const members: Member[] = [];
  for (const { name, ordinary, bytes } of tarMembers(tar)) {
    const bytesMax = wanted.get(posix.basename(name));
    if (bytesMax === undefined) continue;
    if (!ordinary) members.push([name, { fault: 'is no plain file in the archive' }]);
    else members.push([name, bytes.length > bytesMax ? tooLong(bytes.length, bytesMax) : bytes]);
  }
  return members;
}

async function ofZip(zip: Buffer, wanted: Wanted): Promise<Member[]> {
  // Loaded here: every other command does without.
  const { unzipSync } = await import('fflate');
  const refused: Member[] = [];
  let entries = 0;
  const taken = unzipSync(zip, {
    filter: ({ name, size, originalSize, compression }) => {
      if (++entries > ENTRIES_MAX) throw new RangeError(`it has more than ${ENTRIES_MAX} entries`);
      const bytesMax = wanted.get(posix.basename(name));
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
