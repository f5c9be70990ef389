import { messageOf } from '../errors.js';
import { native, opencv } from './binding.js';
import { Picture } from './picture.js';
import { readPictureHeader, whyNotDecodable } from './picture-header.js';

/** A photo from outside cannot be used; the message completes "the photo cannot be used: …". */
export class UnusablePhoto extends Error {
  override readonly name = 'UnusablePhoto';
}

/** Longer sides are halved at decoding until they fit; no face that matters is lost at this size. */
const LONG_SIDE_MAX = 2600;

/**
 * Decodes a JPEG or PNG from outside to BGR, large ones at 1/2, 1/4 or 1/8 size, upright by EXIF.
 * `scale` is decoded ÷ original size. @throws UnusablePhoto
 */
export async function decodePhoto(bytes: Buffer): Promise<{ picture: Picture; scale: number }> {
  const why = whyNotDecodable(bytes);
  if (why) throw new UnusablePhoto(why);
  const header = readPictureHeader(bytes);
  if (header.kind === 'unknown') throw new UnusablePhoto(header.why);
  const long = Math.max(header.width, header.height);
  const cv = opencv();
  const [divisor, flag] =
    long > LONG_SIDE_MAX * 4
      ? [8, cv.IMREAD_REDUCED_COLOR_8]
      : long > LONG_SIDE_MAX * 2
        ? [4, cv.IMREAD_REDUCED_COLOR_4]
        : long > LONG_SIDE_MAX
          ? [2, cv.IMREAD_REDUCED_COLOR_2]
          : [1, cv.IMREAD_COLOR];
  try {
    // Only the asynchronous form throws where the synchronous one aborts the process.
    const mat = await cv.imdecodeAsync(bytes, flag);
    if (mat.empty) throw new UnusablePhoto(`its ${header.kind.toUpperCase()} data is broken`);
    return { picture: new Picture(mat), scale: 1 / divisor };
  } catch (thrown) {
    if (thrown instanceof UnusablePhoto) throw thrown;
    throw new UnusablePhoto(`it cannot be decoded (${messageOf(thrown)})`, { cause: thrown });
  }
}

/** JPEG bytes of a picture; `quality` 1–100. */
export function encodeJpeg(picture: Picture, quality: number): Buffer {
  const cv = opencv();
  return native('imencode', () => cv.imencode('.jpg', picture.mat, [cv.IMWRITE_JPEG_QUALITY, quality]));
}
