// pure
/** How a camera was held, as EXIF says it (2.32, tag 274): 1 is upright, 2, 4, 5 and 7 are mirrored too. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
const ENTRIES_MAX = 512;

/** The orientation in a block of EXIF; 1 where it says none. */
export function exifOrientation(block: Buffer): Orientation {
  const tiff = block.subarray(block.toString('latin1', 0, 6) === 'Exif\0\0' ? 6 : 0);
  const order = tiff.toString('latin1', 0, 2);
  if (tiff.length < 14 || (order !== 'II' && order !== 'MM')) return 1;
  const little = order === 'II';
  const short = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const first = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (first + 2 > tiff.length) return 1;
  const entries = Math.min(short(first), ENTRIES_MAX);
  for (let i = 0; i < entries; i++) {
    const at = first + 2 + i * 12;
    if (at + 10 > tiff.length) return 1;
    if (short(at) !== ORIENTATION_TAG) continue;
    const value = short(at + 8);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}
