import { messageOf } from '../errors.js';
import { exifOrientation, type Orientation } from '../pictures/exif.js';
import { examinePicture } from '../pictures/picture-header.js';
import { webpChunks } from '../pictures/webp.js';
import { whyNotWhole } from '../pictures/whole.js';
import { type Mat, native, opencv } from './binding.js';
import { Picture } from './picture.js';

/** A photo from outside cannot be used; the message completes "the photo cannot be used: …". */
export class UnusablePhoto extends Error {
  override readonly name = 'UnusablePhoto';
}

/** Longer sides are halved at decoding until they fit; no face that matters is lost at this size. */
const LONG_SIDE_MAX = 2600;

/** A decoded photo; `scale` is decoded ÷ original size. */
export interface DecodedPhoto {
  readonly picture: Picture;
  readonly scale: number;
}

/**
 * Decodes a JPEG, PNG or WebP from outside to BGR, large ones at 1/2, 1/4 or 1/8 size, upright by EXIF. A file of which the end is
 * missing is refused; whether the last scan of a JPEG is whole, {@link decodeWholePhoto} finds out.
 * @throws UnusablePhoto
 */
export async function decodePhoto(bytes: Buffer): Promise<DecodedPhoto> {
  const header = examinePicture(bytes);
  if ('why' in header) throw new UnusablePhoto(header.why);
  const fault = whyNotWhole(bytes, header);
  if (fault) throw new UnusablePhoto(fault);
  const divisor = divisorFor(Math.max(header.width, header.height));
  const webp = header.kind === 'webp';
  if (webp && !(await decodesWebp()))
    throw new UnusablePhoto('it is a WebP, which the OpenCV of this machine cannot decode: save it as JPEG');
  const mat = await decode(bytes, flagFor(divisor) | (webp ? IMREAD_IGNORE_ORIENTATION : 0));
  if (mat.empty) throw new UnusablePhoto(`its ${NAMES[header.kind]} data is broken`);
  const picture = new Picture(mat);
  const oriented = webp ? upright(picture, webpOrientation(bytes)) : picture;
  if (oriented !== picture) picture.release();
  return { picture: oriented, scale: 1 / divisor };
}

const NAMES = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP' } as const;

/** OpenCV's number; the binding has no name for it. With it no version turns a WebP, and this file does. */
const IMREAD_IGNORE_ORIENTATION = 128;

function divisorFor(long: number): 1 | 2 | 4 | 8 {
  if (long > LONG_SIDE_MAX * 4) return 8;
  if (long > LONG_SIDE_MAX * 2) return 4;
  return long > LONG_SIDE_MAX ? 2 : 1;
}

function flagFor(divisor: 1 | 2 | 4 | 8): number {
  const cv = opencv();
  return {
    1: cv.IMREAD_COLOR,
    2: cv.IMREAD_REDUCED_COLOR_2,
    4: cv.IMREAD_REDUCED_COLOR_4,
    8: cv.IMREAD_REDUCED_COLOR_8,
  }[divisor];
}

/** Decodes a variant of a JPEG that was taken already, at the same size. */
export async function decodeSame(variant: Buffer, { scale }: DecodedPhoto): Promise<Picture> {
  return new Picture(await decode(variant, flagFor((1 / scale) as 1 | 2 | 4 | 8)));
}

/** Empty where the data is broken. Only the asynchronous form throws where the synchronous one aborts the process. */
async function decode(bytes: Buffer, flag: number): Promise<Mat> {
  try {
    return await opencv().imdecodeAsync(bytes, flag);
  } catch (thrown) {
    throw new UnusablePhoto(`it cannot be decoded (${messageOf(thrown)})`, { cause: thrown });
  }
}

/** One pixel, without loss. */
const TINY_WEBP = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64');
let webpKnown: Promise<boolean> | undefined;

/** Whether this OpenCV was built with WebP, as those of Debian and Ubuntu are. */
function decodesWebp(): Promise<boolean> {
  webpKnown ??= decode(TINY_WEBP, opencv().IMREAD_COLOR).then(
    (mat) => !mat.empty,
    () => false,
  );
  return webpKnown;
}

function webpOrientation(bytes: Buffer): Orientation {
  const exif = webpChunks(bytes)?.find(({ type }) => type === 'EXIF');
  return exif ? exifOrientation(exif.body) : 1;
}

const TURN_OF = { 1: 0, 2: 0, 3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270 } as const;

/** The same picture where it stands upright already, otherwise a new one. */
function upright(picture: Picture, orientation: Orientation): Picture {
  const turn = TURN_OF[orientation];
  const mirrored = [2, 4, 5, 7].includes(orientation);
  const turned = turn === 0 ? picture : picture.rotate(turn);
  if (!mirrored) return turned;
  const right = turned.mirror();
  if (turned !== picture) turned.release();
  return right;
}

/** JPEG bytes of a picture; `quality` 1–100. */
export function encodeJpeg(picture: Picture, quality: number): Buffer {
  const cv = opencv();
  return native('imencode', () => cv.imencode('.jpg', picture.mat, [cv.IMWRITE_JPEG_QUALITY, quality]));
}
