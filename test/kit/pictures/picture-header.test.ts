import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { JPEG_SCANS_MAX } from '../../../src/kit/pictures/jpeg.js';
import { PHOTO_BYTES_MAX, readPictureHeader, whyNotDecodable } from '../../../src/kit/pictures/picture-header.js';
import { jpegHeader, pngHeader, webpHeader } from './headers.js';

describe('what a photo claims to be, before it is decoded', () => {
  test.each([
    ['a baseline JPEG', jpegHeader(640, 480), { kind: 'jpeg', width: 640, height: 480 }],
    ['a progressive JPEG', jpegHeader(640, 480, { frame: 0xc2 }), { kind: 'jpeg', width: 640, height: 480 }],
    ['a PNG', pngHeader(640, 480), { kind: 'png', width: 640, height: 480 }],
    ['a WebP', webpHeader(640, 480), { kind: 'webp', width: 640, height: 480 }],
    [
      'a JPEG with a thumbnail in its EXIF part',
      jpegHeader(640, 480, { before: segment(0xe1, jpegHeader(160, 120)) }),
      { kind: 'jpeg', width: 640, height: 480 },
    ],
    [
      'a JPEG with fill bytes and marks without length',
      jpegHeader(640, 480, { before: Buffer.from([0xff, 0xff, 0xff, 0x01, 0xff, 0xd0]) }),
      { kind: 'jpeg', width: 640, height: 480 },
    ],
    [
      'a JPEG whose tables come first',
      jpegHeader(640, 480, { before: segment(0xc4, Buffer.alloc(20)) }),
      { kind: 'jpeg', width: 640, height: 480 },
    ],
  ])('%s', (_what, bytes, header) => {
    expect(readPictureHeader(bytes)).toEqual(header);
  });

  test.each([
    ['an empty file', Buffer.alloc(0), 'it is empty'],
    ['a text', Buffer.from('no picture'), 'it is no JPEG, PNG or WebP'],
    ['a WebP cut in its header', webpHeader(640, 480).subarray(0, 25), 'its WebP header is cut or broken'],
    [
      'an animated WebP',
      webpHeader(640, 480, { flags: 0x02 }),
      'it is an animated WebP: save one picture of it as JPEG',
    ],
    ['a PNG cut in its header', pngHeader(640, 480).subarray(0, 32), 'its PNG header is cut or broken'],
    [
      'a JPEG cut before its size',
      jpegHeader(640, 480).subarray(0, 9),
      'its JPEG header is cut off: copy or send the whole file again',
    ],
    ['a JPEG that ends at once', Buffer.from([0xff, 0xd8, 0xff, 0xd9, 0, 0]), 'it is a JPEG without a picture size'],
    ['a JPEG of rubbish', Buffer.from([0xff, 0xd8, 1, 2, 3, 4]), 'its JPEG segments are broken'],
    [
      // The decoder skips FF 00 and reads on right behind it: a size hidden there must not stay unseen.
      'a JPEG that hides its true size behind a stuffed zero',
      jpegHeader(640, 480, { before: Buffer.concat([Buffer.from([0xff, 0x00, 0, 14]), Buffer.alloc(12)]) }),
      'its JPEG segments are broken',
    ],
  ])('%s is answered with a reason', (_what, bytes, why) => {
    expect(readPictureHeader(bytes)).toEqual({ kind: 'unknown', why });
  });

  test.each([
    ['a JPEG bomb', jpegHeader(65_500, 65_500)],
    ['a PNG that claims 100,000 × 100,000', pngHeader(100_000, 100_000)],
    ['a PNG that claims 2^32 − 1 a side', pngHeader(0xffffffff, 0xffffffff)],
    ['a strip of 20,000 × 30', pngHeader(20_000, 30)],
    ['one pixel', pngHeader(1, 1)],
    ['a JPEG that leaves its height open', jpegHeader(640, 0)],
    ['a file over 16 MiB', Buffer.concat([jpegHeader(640, 480), Buffer.alloc(PHOTO_BYTES_MAX)])],
  ])('%s never reaches the decoder', (_what, bytes) => {
    expect(whyNotDecodable(bytes)).toMatch(/\d/);
  });

  test('a photo of 60 megapixels may be decoded', () => {
    expect(whyNotDecodable(jpegHeader(10_000, 6000))).toBeUndefined();
    expect(whyNotDecodable(jpegHeader(10_000, 6001))).toContain('60 megapixels');
  });

  describe('a JPEG of more scans than any camera makes never reaches the decoder: each costs a pass over the picture', () => {
    /** A scan: mark, header of two bytes, some entropy-coded data with a stuffed 0xff. */
    const scan = Buffer.from([0xff, 0xda, 0, 2, 1, 0xff, 0, 2]);
    const end = Buffer.from([0xff, 0xd9]);
    const scans = (n: number, width = 640, height = 480) =>
      Buffer.concat([jpegHeader(width, height), Buffer.alloc(n * scan.length, scan), end]);

    test('64 are allowed on a small picture, 65 are not', () => {
      expect(whyNotDecodable(scans(JPEG_SCANS_MAX))).toBeUndefined();
      expect(whyNotDecodable(scans(JPEG_SCANS_MAX + 1))).toContain('more than 64 scans');
    });

    test('on a large picture fewer are', () => {
      expect(whyNotDecodable(scans(10, 8000, 7000))).toBeUndefined();
      expect(whyNotDecodable(scans(11, 8000, 7000))).toContain('11 scans over 8000×7000 pixels');
    });

    test('what phones put behind the picture does not count', () => {
      expect(whyNotDecodable(Buffer.concat([scans(1), Buffer.alloc(2000, Buffer.from([0xff, 0xda]))]))).toBeUndefined();
    });
  });

  test('no bytes of any kind break the reader', () => {
    const start = fc.constantFrom([], [0xff, 0xd8], [0xff, 0xd8, 0xff], [...pngHeader(3, 3).subarray(0, 16)]);
    const body = fc.array(fc.oneof(fc.constantFrom(0xff, 0xc0, 0xda, 0x00), fc.nat({ max: 255 })), { maxLength: 80 });
    fc.assert(
      fc.property(start, body, (first, rest) => {
        const bytes = Uint8Array.from([...first, ...rest]);
        const header = readPictureHeader(bytes);
        if (header.kind === 'unknown') expect(whyNotDecodable(bytes)).toBe(header.why);
      }),
      { numRuns: 1000 },
    );
  });

  test('a header cut anywhere is never read past its end', () => {
    for (const whole of [jpegHeader(640, 480), pngHeader(640, 480), webpHeader(640, 480)])
      for (let length = 0; length < whole.length; length++) {
        const header = readPictureHeader(whole.subarray(0, length));
        if (header.kind !== 'unknown') expect([header.width, header.height]).toEqual([640, 480]);
      }
  });
});

function segment(marker: number, body: Buffer): Buffer {
  const length = body.length + 2;
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), body]);
}

test('a JPEG of nothing but marks makes no object for each of them: the gate waits meanwhile', () => {
  const bytes = Buffer.concat([jpegHeader(640, 480), Buffer.alloc(20_000, Buffer.from([0xff, 0xd0]))]);
  const views = vi.spyOn(Buffer.prototype, 'subarray');
  onTestFinished(() => views.mockRestore());
  whyNotDecodable(bytes);
  expect(views.mock.calls.length).toBeLessThan(10);
});
