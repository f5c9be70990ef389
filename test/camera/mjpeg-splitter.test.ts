import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JPEG_MAX, MjpegSplitter } from '../../src/camera/mjpeg-splitter.js';

const segment = (marker: number, body: Uint8Array): Buffer => {
  const length = body.length + 2;
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), body]);
};
const SOI = Buffer.from([0xff, 0xd8]);
const EOI = Buffer.from([0xff, 0xd9]);

/** Entropy-coded bytes as an encoder writes them: every 0xff is followed by a zero, or is a restart mark. */
const scanData = fc
  .array(
    fc.oneof(
      fc.nat({ max: 0xfe }).map((n) => [n]),
      fc.constantFrom([0xff, 0x00], [0xff, 0xd3], [0xff, 0xff, 0x00]),
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => Buffer.from(parts.flat()));

const tables = fc
  .array(fc.tuple(fc.constantFrom(0xe0, 0xe1, 0xfe, 0xdb, 0xc4), fc.uint8Array({ maxLength: 40 })), { maxLength: 4 })
  .map((parts) => Buffer.concat(parts.map(([marker, body]) => segment(marker, body))));

/** A JPEG by its structure: tables, a frame header, one or more scans. Contents may hold any mark. */
const jpeg = fc
  .tuple(tables, fc.array(fc.tuple(tables, scanData), { minLength: 1, maxLength: 3 }))
  .map(([before, scans]) =>
    Buffer.concat([
      SOI,
      before,
      segment(0xc0, Buffer.alloc(15, 1)),
      ...scans.flatMap(([own, data]) => [own, segment(0xda, Buffer.alloc(10, 2)), data]),
      EOI,
    ]),
  );

/** What may lie between pictures: anything without a start mark, that does not make one with what follows. */
const garbage = fc.array(fc.nat({ max: 0xfe }), { maxLength: 20 }).map((bytes) => Buffer.from(bytes));

const whole = (...parts: Buffer[]) => new MjpegSplitter().feed(Buffer.concat(parts));

const picture = Buffer.concat([SOI, segment(0xda, Buffer.alloc(4)), Buffer.from([1, 2, 0xff, 0x00, 3]), EOI]);

describe('pictures of a camera stream', () => {
  test('come out whole and in order, however the stream is cut and whatever lies between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(garbage, jpeg), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 }),
        (parts, sizes) => {
          const stream = Buffer.concat(parts.flat());
          const splitter = new MjpegSplitter();
          const found: Buffer[] = [];
          for (let at = 0, n = 0; at < stream.length; n++) {
            const size = sizes[n % sizes.length] as number;
            found.push(...splitter.feed(Buffer.from(stream.subarray(at, at + size))));
            at += size;
          }
          expect(found).toEqual(parts.map(([, bytes]) => bytes));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('an end mark inside the EXIF thumbnail does not cut the picture', () => {
    const exif = segment(0xe1, picture);
    const photo = Buffer.concat([SOI, exif, segment(0xda, Buffer.alloc(4)), Buffer.from([9]), EOI]);
    expect(whole(photo, photo)).toEqual([photo, photo]);
  });

  test('fill bytes before a mark belong to the picture', () => {
    const photo = Buffer.concat([SOI, Buffer.from([0xff, 0xff]), segment(0xda, Buffer.alloc(4)), EOI]);
    expect(whole(photo, picture)).toEqual([photo, picture]);
  });

  test('of a picture that starts inside another one, the second is taken', () => {
    expect(whole(picture.subarray(0, -2), picture)).toEqual([picture]);
    expect(whole(SOI, picture, picture)).toEqual([picture, picture]);
  });

  test('a broken picture is skipped, the next one is taken', () => {
    const broken = Buffer.concat([SOI, segment(0xe0, Buffer.alloc(3)), Buffer.from([5, 5, 5])]);
    expect(whole(broken, picture)).toEqual([picture]);
  });

  test('the pictures handed out do not change when the stream goes on', () => {
    const splitter = new MjpegSplitter();
    const chunk = Buffer.from(picture);
    const [first] = splitter.feed(chunk);
    chunk.fill(0);
    expect(first).toEqual(picture);
  });

  test('a picture that never ends is an error and does not fill the memory', () => {
    const splitter = new MjpegSplitter();
    splitter.feed(Buffer.concat([SOI, segment(0xda, Buffer.alloc(4))]));
    const endless = Buffer.alloc(JPEG_MAX / 4, 7);
    expect(() => {
      for (let i = 0; i < 6; i++) splitter.feed(endless);
    }).toThrow(RangeError);
  });

  test('a stream without any picture takes no memory and is not an error', () => {
    const splitter = new MjpegSplitter();
    for (let i = 0; i < 6; i++) expect(splitter.feed(Buffer.alloc(JPEG_MAX / 2, 7))).toEqual([]);
    expect(splitter.feed(picture)).toEqual([picture]);
  });

  test('random bytes never break it', () => {
    const marks = fc.constantFrom(0xff, 0xd8, 0xd9, 0xda, 0x00, 0xe0);
    const bytes = fc.array(fc.oneof(marks, fc.nat({ max: 255 })), { maxLength: 100 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), (chunks) => {
        const splitter = new MjpegSplitter();
        for (const chunk of chunks)
          for (const found of splitter.feed(Buffer.from(chunk))) {
            expect(found.subarray(0, 2)).toEqual(SOI);
            expect(found.subarray(-2)).toEqual(EOI);
          }
      }),
      { numRuns: 1000 },
    );
  });
});
