import { encodeJpeg } from '../../../src/kit/opencv/codec.js';
import { Picture } from '../../../src/kit/opencv/picture.js';

/** A BGR picture of a gradient with a bright top left quarter: upside down or mirrored it looks different. */
export function gradient(width: number, height: number): Picture {
  const bytes = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bright = x < width / 2 && y < height / 2 ? 120 : 0;
      bytes[at++] = (x * 100) / width;
      bytes[at++] = (y * 100) / height;
      bytes[at++] = 20 + bright;
    }
  return Picture.fromBytes(bytes, width, height, 3);
}

/** A JPEG of one colour; its red tells the frames of a film apart. */
export function plainJpeg(red: number, width = 64, height = 48): Buffer {
  const bytes = Buffer.alloc(width * height * 3);
  for (let at = 2; at < bytes.length; at += 3) bytes[at] = red;
  const picture = Picture.fromBytes(bytes, width, height, 3);
  const jpeg = encodeJpeg(picture, 95);
  picture.release();
  return jpeg;
}

/** The red of a picture's middle, as drawn by {@link plainJpeg}, to the nearest ten. */
export function redOf(picture: Picture): number {
  const at = (Math.floor(picture.height / 2) * picture.width + Math.floor(picture.width / 2)) * 3;
  return Math.round((picture.bytes()[at + 2] as number) / 10) * 10;
}
