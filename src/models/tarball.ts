// pure
import { gunzipSync } from 'node:zlib';

/** A larger archive is refused: the largest package needed here unpacks to some 50 MB. */
const UNPACKED_MAX = 400_000_000;
const BLOCK = 512;
/** Header type of an ordinary file; old archives write 0. */
const FILE_TYPES = ['0', '\0'];

export interface TarMember {
  readonly name: string;
  /** An ordinary file: no link, folder or note of the archiver. */
  readonly ordinary: boolean;
  /** A view into the archive. */
  readonly bytes: Buffer;
}

/** @throws Error when it is damaged or unpacks to more than 400 MB. */
export const unzipTar = (tgz: Uint8Array): Buffer => gunzipSync(tgz, { maxOutputLength: UNPACKED_MAX });

/** The members of a tar in their order. @throws RangeError when it is damaged. */
export function* tarMembers(tar: Buffer): Generator<TarMember> {
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const { name, size, type } = readHeader(header);
    const start = at + BLOCK;
    if (start + size > tar.length) throw new RangeError(`the archive ends inside ${name}`);
    yield { name, ordinary: FILE_TYPES.includes(type), bytes: tar.subarray(start, start + size) };
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/**
 * Takes named files out of a .tgz in memory. Nothing is written, so links, other members and paths with ".." cannot do
 * harm: a member is found by its exact name and must be an ordinary file.
 * @throws RangeError when one is missing, doubled or no ordinary file, or the archive is damaged.
 */
export function readTarball(tgz: Uint8Array, wanted: readonly string[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const { name, ordinary, bytes } of tarMembers(unzipTar(tgz))) {
    if (!wanted.includes(name)) continue;
    if (!ordinary) throw new RangeError(`${name} in the archive is no ordinary file`);
    if (found.has(name)) throw new RangeError(`${name} is in the archive twice`);
    // A copy: a view would keep the whole archive in memory.
    found.set(name, Buffer.from(bytes));
  }
  const missing = wanted.find((name) => !found.has(name));
  if (missing !== undefined) throw new RangeError(`the archive has no file ${missing}`);
  return found;
}

/** The fields of a ustar header: name 0–99, size 124–135 (octal), type 156, prefix of the name 345–499. */
function readHeader(header: Buffer): { name: string; size: number; type: string } {
  const text = (from: number, length: number) => {
    const end = header.indexOf(0, from);
    return header.toString('latin1', from, end < 0 ? from + length : Math.min(end, from + length));
  };
  const octal = text(124, 12).trim();
  if (!/^[0-7]{1,12}$/.test(octal)) throw new RangeError('the archive has a damaged header');
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const base = text(0, 100);
  return {
    name: prefix ? `${prefix}/${base}` : base,
    size: Number.parseInt(octal, 8),
    type: String.fromCharCode(header[156] as number),
  };
}
