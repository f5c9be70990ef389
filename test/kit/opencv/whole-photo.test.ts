import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadOpenCv, opencv } from '../../../src/kit/opencv/binding.js';
import { decodePhoto, UnusablePhoto } from '../../../src/kit/opencv/codec.js';
import { Picture } from '../../../src/kit/opencv/picture.js';
import { decodeWholePhoto } from '../../../src/kit/opencv/whole-photo.js';
import { walkJpeg } from '../../../src/kit/pictures/jpeg.js';
import { exifBlock } from '../pictures/headers.js';
import { gradient } from './pictures.js';

const END = Buffer.from([0xff, 0xd9]);
const [PROGRESSIVE, RESTART] = [2, 4];

/** A picture with something in every block, so that no part of it looks like what a decoder makes up. */
function busy(width = 400, height = 300): Picture {
  const bytes = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, i) => (Math.imul(Math.floor(i / 3) + 1, 2654435761) >>> 24) & 255),
  );
  return Picture.fromBytes(bytes, width, height, 3);
}

function encoded(ending: string, picture: Picture, flags: number[] = []): Buffer {
  const bytes = opencv().imencode(ending, picture.mat, flags);
  picture.release();
  return bytes;
}

const jpegs = (): [string, Buffer][] => [
  ['a JPEG', encoded('.jpg', busy())],
  ['a JPEG of grey values', encoded('.jpg', busy().grey())],
  ['a progressive JPEG', encoded('.jpg', busy(), [opencv().IMWRITE_JPEG_PROGRESSIVE ?? PROGRESSIVE, 1])],
  ['a JPEG with restart marks', encoded('.jpg', busy(), [opencv().IMWRITE_JPEG_RST_INTERVAL ?? RESTART, 3])],
  ['a large JPEG, decoded at reduced size', encoded('.jpg', gradient(3000, 2000))],
];

beforeAll(loadOpenCv);

describe('a photo that is whole is taken', () => {
  test('as JPEG of every kind', async () => {
    for (const [_what, bytes] of jpegs()) (await decodeWholePhoto(bytes)).picture.release();
  });

  test.each(['.png', '.webp'])('as %s', async (ending) => {
    const { picture } = await decodeWholePhoto(encoded(ending, busy()));
    expect([picture.width, picture.height]).toEqual([400, 300]);
    picture.release();
  });

  test('with a video of the telephone behind it', async () => {
    const [, bytes] = jpegs()[0] as [string, Buffer];
    (await decodeWholePhoto(Buffer.concat([bytes, Buffer.alloc(5000, 7)]))).picture.release();
  });
});

describe('a photo that was cut off is refused and named, although the decoder would fill the rest with grey', () => {
  test('a JPEG, wherever it is cut', async () => {
    for (const [what, bytes] of jpegs())
      for (const part of [0.05, 0.3, 0.5, 0.9, 0.99]) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * part));
        await expect(decodePhoto(cut), `${what}, ${part}`).rejects.toThrow(/cut off/);
      }
    const [, bytes] = jpegs()[0] as [string, Buffer];
    for (const missing of [1, 2]) await expect(decodePhoto(bytes.subarray(0, -missing))).rejects.toThrow(/cut off/);
  });

  test('a JPEG that somebody mended by an end mark', async () => {
    for (const [what, bytes] of jpegs()) {
      const from = walkJpeg(bytes).lastScan?.end ?? 0;
      for (const part of [0.04, 0.1, 0.4, 0.7, 0.97]) {
        let at = Math.floor(from * part);
        // Not in the middle of a mark or of a stuffed zero.
        while (bytes[at - 1] === 0xff) at -= 1;
        const mended = Buffer.concat([bytes.subarray(0, at), END]);
        // All that a progressive JPEG can lose in its last scan is the last bit of its detail.
        if (what.includes('progressive') && walkJpeg(mended).complete) continue;
        await expect(decodeWholePhoto(mended), `${what}, ${part}`).rejects.toThrow(/is missing|cut off/);
      }
    }
  });

  test('a JPEG that was cut at a restart mark and mended', async () => {
    const bytes = encoded('.jpg', busy(), [opencv().IMWRITE_JPEG_RST_INTERVAL ?? RESTART, 3]);
    const mark = bytes.indexOf(Buffer.from([0xff, 0xd4]), bytes.length / 2);
    const mended = Buffer.concat([bytes.subarray(0, mark), END]);
    await expect(decodeWholePhoto(mended)).rejects.toThrow('the end of its JPEG data is missing');
  });

  test('a JPEG of which only the preview is whole', async () => {
    const preview = encoded('.jpg', gradient(64, 48));
    const length = preview.length + 2;
    const part = Buffer.concat([Buffer.from([0xff, 0xe1, length >> 8, length & 255]), preview]);
    const whole = encoded('.jpg', busy());
    const cut = Buffer.concat([whole.subarray(0, 2), part, whole.subarray(2, whole.length / 2)]);
    await expect(decodePhoto(cut)).rejects.toThrow(/cut off/);
  });

  test.each([0.3, 0.6, 0.99])('a PNG at %f of its length', async (part) => {
    const bytes = encoded('.png', busy());
    await expect(decodePhoto(bytes.subarray(0, Math.floor(bytes.length * part)))).rejects.toThrow(
      'PNG data is cut off',
    );
  });

  test('a PNG that lost a part, or has a changed one', async () => {
    const bytes = encoded('.png', busy());
    const changed = Buffer.from(bytes);
    changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
    await expect(decodePhoto(changed)).rejects.toThrow('PNG data is damaged (checksum of a part IDAT)');
    await expect(decodePhoto(halfIdat(bytes))).rejects.toBeInstanceOf(UnusablePhoto);
  });

  test.each([0.3, 0.6, 0.99])('a WebP at %f of its length', async (part) => {
    const bytes = encoded('.webp', busy());
    await expect(decodePhoto(bytes.subarray(0, Math.floor(bytes.length * part)))).rejects.toThrow(
      'WebP data is cut off',
    );
  });

  test.each([
    ['lossy', 80],
    ['lossless', 101],
  ])('a %s WebP of which somebody mended the lengths', async (_what, quality) => {
    const bytes = encoded('.webp', busy(), [opencv().IMWRITE_WEBP_QUALITY ?? 64, quality]);
    const half = Buffer.from(bytes.subarray(0, Math.floor(bytes.length / 4) * 2));
    half.writeUInt32LE(half.length - 8, 4);
    half.writeUInt32LE(half.length - 20, 16);
    await expect(decodePhoto(half)).rejects.toBeInstanceOf(UnusablePhoto);
  });
});

test('a WebP stands upright by its EXIF part', async () => {
  const plain = encoded('.webp', gradient(64, 48), [opencv().IMWRITE_WEBP_QUALITY ?? 64, 101]);
  const size = Buffer.alloc(4);
  const chunk = (type: string, body: Buffer) => {
    size.writeUInt32LE(body.length);
    return Buffer.concat([Buffer.from(type, 'latin1'), size, body, Buffer.alloc(body.length % 2)]);
  };
  const head = Buffer.alloc(10);
  head[0] = 0x08;
  head.writeUIntLE(63, 4, 3);
  head.writeUIntLE(47, 7, 3);
  const bodyOf = (orientation: number) =>
    Buffer.concat([chunk('VP8X', head), plain.subarray(12), chunk('EXIF', exifBlock(orientation, 'MM'))]);
  const upright = await decodePhoto(plain);
  for (const [orientation, turned] of [
    [3, upright.picture.rotate(180)],
    [6, upright.picture.rotate(90)],
    [8, upright.picture.rotate(270)],
    [2, upright.picture.mirror()],
  ] as const) {
    const body = bodyOf(orientation);
    size.writeUInt32LE(body.length + 4);
    const file = Buffer.concat([Buffer.from('RIFF'), size, Buffer.from('WEBP'), body]);
    const { picture } = await decodePhoto(file);
    expect(picture.bytes().equals(turned.bytes()), `orientation ${orientation}`).toBe(true);
  }
});

/** The PNG with half of its picture data, in a part with a right length and checksum. */
function halfIdat(bytes: Buffer): Buffer {
  const at = bytes.indexOf('IDAT') - 4;
  const size = bytes.readUInt32BE(at) >> 1;
  const typed = bytes.subarray(at + 4, at + 8 + size);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(size);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([bytes.subarray(0, at), length, typed, sum, bytes.subarray(bytes.indexOf('IEND') - 4)]);
}
