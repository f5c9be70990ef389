import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCascade } from '../../../src/face/haar.js';
import { OperatingError } from '../../../src/kit/errors.js';
import { loadOpenCv, native } from '../../../src/kit/opencv/binding.js';
import { Capture } from '../../../src/kit/opencv/capture.js';
import { Cascade } from '../../../src/kit/opencv/cascade.js';
import { decodePhoto, encodeJpeg, UnusablePhoto } from '../../../src/kit/opencv/codec.js';
import { drawMarks } from '../../../src/kit/opencv/draw.js';
import { clampRegion, Picture } from '../../../src/kit/opencv/picture.js';
import { jpegHeader, pngHeader } from '../pictures/headers.js';
import { gradient } from './pictures.js';

const folder = mkdtempSync(join(tmpdir(), 'kaimon-opencv-'));
beforeAll(loadOpenCv);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string | Buffer) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('what kills the native code is answered with an error, and the process lives', () => {
  test.each([
    ['an empty photo', () => Buffer.alloc(0)],
    ['a JPEG that claims 65,500 × 65,500 pixels', () => jpegHeader(65_500, 65_500)],
    ['a PNG that claims 100,000 × 100,000 pixels', () => pngHeader(100_000, 100_000)],
    ['a header without a picture behind it', () => jpegHeader(640, 480)],
    ['a PNG header without a picture behind it', () => pngHeader(640, 480)],
    ['a text', () => Buffer.from('no photo at all')],
  ])('%s', async (_what, bytes) => {
    await expect(decodePhoto(bytes())).rejects.toBeInstanceOf(UnusablePhoto);
  });

  test('a photo that hides its true size behind a stuffed zero, which the decoder skips', async () => {
    const body = encodeJpeg(gradient(400, 300), 50).subarray(2);
    const skipped = Buffer.from([0xff, 0x00, (body.length + 2) >> 8, (body.length + 2) & 255]);
    const trick = jpegHeader(24, 24, { before: Buffer.concat([skipped, body]) });
    await expect(decodePhoto(trick)).rejects.toThrow('segments are broken');
  });

  test.each([
    ['too few bytes for the size', () => Picture.fromBytes(Buffer.alloc(10), 640, 480, 3)],
    ['too many bytes for the size', () => Picture.fromBytes(Buffer.alloc(13), 2, 2, 3)],
    ['a negative size', () => Picture.fromBytes(Buffer.alloc(0), -1, 1, 3)],
    ['a size of 0', () => Picture.fromBytes(Buffer.alloc(0), 0, 0, 3)],
    ['half a pixel', () => Picture.fromBytes(Buffer.alloc(3), 0.5, 2, 3)],
    ['a size larger than the memory', () => gradient(4, 4).resize(1_000_000, 1_000_000)],
    ['a region outside', () => gradient(8, 8).crop({ x: 4, y: 4, width: 5, height: 1 })],
    ['a region that begins outside', () => gradient(8, 8).crop({ x: -1, y: 0, width: 2, height: 2 })],
    ['a region of half pixels', () => gradient(8, 8).crop({ x: 0.5, y: 0, width: 2, height: 2 })],
    ['an empty region', () => gradient(8, 8).crop({ x: 0, y: 0, width: 0, height: 2 })],
    ['a warp by NaN', () => gradient(8, 8).warp([1, 0, 0, Number.NaN, 1, 0], 8, 8)],
    ['a warp to a width of 0', () => gradient(8, 8).warp([1, 0, 0, 0, 1, 0], 0, 8)],
  ])('%s', (_what, act) => {
    expect(act).toThrow(RangeError);
  });

  test.each([
    ['missing', () => join(folder, 'nowhere.xml')],
    ['empty', () => file('empty.xml', '')],
    ['of other XML', () => file('other.xml', '<?xml version="1.0"?><opencv_storage><a/></opencv_storage>')],
    ['cut', () => file('cut.xml', '<?xml version="1.0"?><opencv_storage><stageType>BOOST</stageType>')],
    ['a folder', () => folder],
  ])('a cascade file that is %s', (_what, path) => {
    expect(() => new Cascade(path())).toThrow(OperatingError);
  });

  test.each([
    [
      'a missing camera',
      () => new Capture({ kind: 'v4l2', device: '/dev/nowhere', width: 64, height: 48, fps: 10, mjpg: false }),
    ],
    ['a native call that throws a text', () => native('call', () => JSON.parse('{') as unknown)],
    [
      'a native call on a released picture',
      () => {
        const picture = gradient(8, 8);
        picture.release();
        picture.release();
        return picture.bytes();
      },
    ],
  ])('%s', (_what, act) => {
    expect(act).toThrow(/^OpenCV .* failed: /);
  });

  test('a video file of rubbish ends at once or is not opened', async () => {
    const path = file('rubbish.avi', Buffer.alloc(5000, 7));
    const first = async () => {
      const capture = new Capture({ kind: 'file', path });
      try {
        return await capture.read();
      } finally {
        capture.release();
      }
    };
    const picture = await first().catch((thrown: unknown) => thrown);
    expect(picture === undefined || picture instanceof Error).toBe(true);
  });
});

describe('pictures', () => {
  test('keep their bytes', () => {
    const bytes = Buffer.from(Array.from({ length: 5 * 3 * 3 }, (_, i) => i * 5));
    const picture = Picture.fromBytes(bytes, 5, 3, 3);
    expect([picture.width, picture.height, picture.channels]).toEqual([5, 3, 3]);
    expect(picture.bytes()).toEqual(bytes);
    bytes.fill(0);
    expect(picture.bytes()[1]).toBe(5);
  });

  test('a cut keeps the right pixels, and is a copy', () => {
    const picture = Picture.fromBytes(Buffer.from(Array.from({ length: 12 }, (_, i) => i)), 4, 3, 1);
    const cut = picture.crop({ x: 1, y: 1, width: 2, height: 2 });
    picture.release();
    expect([...cut.bytes()]).toEqual([5, 6, 9, 10]);
  });

  test('scaling takes width before height', () => {
    const small = gradient(40, 20).resize(10, 4);
    expect([small.width, small.height]).toEqual([10, 4]);
  });

  test('grey and colour, there and back', () => {
    const grey = Picture.fromBytes(Buffer.from([0, 100, 200, 255]), 2, 2, 1);
    expect([...grey.bgr().bytes()]).toEqual([0, 0, 0, 100, 100, 100, 200, 200, 200, 255, 255, 255]);
    expect([...grey.bgr().grey().bytes()]).toEqual([0, 100, 200, 255]);
    expect([...grey.grey().bytes()]).toEqual([0, 100, 200, 255]);
  });

  test('a warp moves pixels to where its matrix says, and is black outside', () => {
    const picture = Picture.fromBytes(Buffer.from([10, 20, 30, 40]), 2, 2, 1);
    expect([...picture.warp([1, 0, 1, 0, 1, 0], 3, 2).bytes()]).toEqual([0, 10, 20, 0, 30, 40]);
  });

  test.each([
    ['inside', { x: 1.2, y: 2.7, width: 3, height: 3 }, { x: 1, y: 2, width: 4, height: 4 }],
    ['over the edge', { x: -5, y: 8, width: 8, height: 8 }, { x: 0, y: 8, width: 3, height: 2 }],
    ['outside', { x: 10, y: 0, width: 5, height: 5 }, undefined],
    ['with NaN', { x: Number.NaN, y: 0, width: 5, height: 5 }, undefined],
  ])('a box %s is cut off at the edge of the picture', (_where, box, expected) => {
    expect(clampRegion(box, 10, 10)).toEqual(expected);
  });

  test('labels of any text, any place, can be drawn', () => {
    const picture = gradient(60, 40);
    const before = picture.bytes();
    drawMarks(picture, [
      { box: { x: -20, y: -20, width: 500, height: 500 }, text: '王小明\nétranger', tone: 'good' },
      { box: { x: 5.5, y: 5.5, width: 0, height: 0 }, text: '', tone: 'neutral' },
      { box: { x: 1000, y: 1000, width: 5, height: 5 }, text: 'outside', tone: 'bad' },
    ]);
    expect(picture.bytes().equals(before)).toBe(false);
  });

  test('no cascade searches a picture smaller than a face, nor one in colour', () => {
    const cascade = existsSync('/usr/share/opencv4') ? new Cascade(findCascade()) : undefined;
    if (!cascade) return;
    const options = { scaleFactor: 1.1, minNeighbors: 3, minSide: 24 };
    expect(cascade.detect(gradient(20, 20).grey(), options)).toEqual([]);
    expect(() => cascade.detect(gradient(40, 40), options)).toThrow('grey');
  });
});

describe('photos', () => {
  test('a photo is decoded at its size, upright', async () => {
    const jpeg = encodeJpeg(gradient(320, 200), 90);
    const { picture, scale } = await decodePhoto(jpeg);
    expect([picture.width, picture.height, picture.channels, scale]).toEqual([320, 200, 3, 1]);
  });

  test('a phone that was held sideways: the photo is turned upright', async () => {
    const jpeg = encodeJpeg(gradient(320, 200), 90);
    const turned = Buffer.concat([jpeg.subarray(0, 2), exifOrientation(6), jpeg.subarray(2)]);
    const { picture } = await decodePhoto(turned);
    expect([picture.width, picture.height]).toEqual([200, 320]);
  });

  test.each([
    [2600, 1],
    [2602, 1 / 2],
    [5202, 1 / 4],
    [10_408, 1 / 8],
  ])('a JPEG %i pixels wide is decoded at scale %d', async (width, scale) => {
    const decoded = await decodePhoto(encodeJpeg(gradient(width, 64), 80));
    expect(decoded.scale).toBe(scale);
    expect(decoded.picture.width).toBe(Math.ceil(width * scale));
  });

  test('a JPEG cut in the middle gives a picture or a reason, not a crash', async () => {
    const jpeg = encodeJpeg(gradient(320, 200), 90);
    for (const share of [0.2, 0.5, 0.9]) {
      const result = await decodePhoto(jpeg.subarray(0, jpeg.length * share)).catch((thrown: unknown) => thrown);
      if (result instanceof Error) expect(result).toBeInstanceOf(UnusablePhoto);
      else expect(result).toMatchObject({ scale: 1 });
    }
  });
});

/** An APP1 segment that says how the camera was held (Exif 2.3, 4.6.4 A, tag 0112). */
function exifOrientation(orientation: number): Buffer {
  const tiff = Buffer.from([
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  return Buffer.concat([Buffer.from([0xff, 0xe1, 0, body.length + 2]), body]);
}
