import fc from 'fast-check';
import { expect, test } from 'vitest';
import { videoRotation } from '../../../src/kit/opencv/video-rotation.js';

const box = (kind: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(kind, 4, 'latin1');
  return Buffer.concat([head, body]);
};
/** A track header, version 0: a, b, c, d of its matrix. */
function track([a, b, c, d]: readonly [number, number, number, number], width = 480): Buffer {
  const body = Buffer.alloc(84);
  for (const [i, value] of [a, b, 0, c, d, 0, 0, 0, 0x4000].entries()) body.writeInt32BE(value * 0x10000, 40 + 4 * i);
  body.writeUInt32BE(width * 0x10000, 76);
  body.writeUInt32BE(360 * 0x10000, 80);
  return box('trak', box('tkhd', body));
}
const file = (...tracks: Buffer[]) =>
  Buffer.concat([box('ftyp', Buffer.from('qt  ')), box('mdat', Buffer.alloc(50)), box('moov', Buffer.concat(tracks))]);

test.each([
  ['a camera held level', [1, 0, 0, 1], 0],
  ['a phone held upright', [0, 1, -1, 0], 90],
  ['a camera upside down', [-1, 0, 0, -1], 180],
  ['a phone held upright, top down', [0, -1, 1, 0], 270],
] as const)('the rotation of a video from %s is read', (_title, matrix, expected) => {
  expect(videoRotation(file(track(matrix)))).toBe(expected);
});

test('sound tracks are skipped', () => {
  expect(videoRotation(file(track([1, 0, 0, 1], 0), track([0, 1, -1, 0])))).toBe(90);
});

test('any other file is not turned, and never gives an error', () => {
  expect(videoRotation(Buffer.alloc(0))).toBe(0);
  expect(videoRotation(box('moov', box('trak', box('tkhd', Buffer.alloc(20)))))).toBe(0);
  const upright = file(track([0, 1, -1, 0]));
  fc.assert(
    fc.property(
      fc.nat({ max: upright.length }),
      fc.nat({ max: upright.length - 1 }),
      fc.nat({ max: 255 }),
      (cut, at, value) => {
        const spoiled = Buffer.from(upright);
        spoiled[at] = value;
        expect([0, 90, 180, 270]).toContain(videoRotation(spoiled.subarray(0, cut)));
      },
    ),
  );
});
