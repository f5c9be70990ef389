import { walkJpeg } from '../pictures/jpeg.js';
import { type DecodedPhoto, decodePhoto, decodeSame, UnusablePhoto } from './codec.js';

/** Bytes of no meaning, none of them 0xff: a decoder that still misses something takes them for it. */
const FILLER = Buffer.from(Array.from({ length: 1024 }, (_, i) => 1 + ((Math.imul(i + 1, 2654435761) >>> 24) % 253)));

/**
 * Decodes a photo and makes sure that nothing of it was made up. A program that saves half a JPEG, or mends it by an end mark, leaves a
 * file that looks whole; the decoder fills the rest with grey. A JPEG with such a corner is decoded a second time with meaningless bytes
 * behind its last scan: only where something was missing does the picture change. (Not every JPEG: the decoder complains of those bytes
 * on standard error.)
 * @throws UnusablePhoto
 */
export async function decodeWholePhoto(bytes: Buffer): Promise<DecodedPhoto> {
  const photo = await decodePhoto(bytes);
  try {
    if (bytes[0] === 0xff && mayBeMadeUp(photo) && !(await unchangedBy(filled(bytes), photo)))
      throw new UnusablePhoto('the end of its JPEG data is missing: copy or send the original file again');
    return photo;
  } catch (thrown) {
    photo.picture.release();
    throw thrown;
  }
}

/** Side of a JPEG's block, pixels of the file. */
const BLOCK = 8;
/** What a decoder puts where nothing is known, and how far rounding takes it. */
const UNKNOWN = 128;
const ROUNDING = 2;

/**
 * Whether a corner is of the grey that decoders put in place of missing blocks. The last block lies in another corner where the photo was
 * turned by its EXIF part.
 */
function mayBeMadeUp({ picture, scale }: DecodedPhoto): boolean {
  const side = Math.max(1, Math.floor(BLOCK * scale));
  const [right, bottom] = [picture.width - side, picture.height - side];
  return [0, right].some((x) =>
    [0, bottom].some((y) => {
      const corner = picture.crop({ x, y, width: side, height: side });
      const made = corner.bytes().every((value) => Math.abs(value - UNKNOWN) <= ROUNDING);
      corner.release();
      return made;
    }),
  );
}

/** The JPEG with filler behind its last scan, before and behind the restart mark that would come next. */
function filled(bytes: Buffer): Buffer {
  const { lastScan } = walkJpeg(bytes);
  if (!lastScan) return bytes;
  const restart = Buffer.from([0xff, 0xd0 + (lastScan.restarts % 8)]);
  return Buffer.concat([bytes.subarray(0, lastScan.end), FILLER, restart, FILLER, bytes.subarray(lastScan.end)]);
}

async function unchangedBy(other: Buffer, photo: DecodedPhoto): Promise<boolean> {
  const again = await decodeSame(other, photo);
  try {
    return again.bytes().equals(photo.picture.bytes());
  } finally {
    again.release();
  }
}
