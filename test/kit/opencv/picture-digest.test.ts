import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { loadOpenCv } from '../../../src/kit/opencv/binding.js';
import { Picture } from '../../../src/kit/opencv/picture.js';
import { PictureDigests } from '../../../src/kit/opencv/picture-digest.js';

beforeAll(loadOpenCv);

type Shape = readonly [width: number, height: number, channels: 1 | 3];
const striped = ([width, height, channels]: Shape) =>
  Buffer.from(Array.from({ length: width * height * channels }, (_, i) => i % 251));

/** Of pictures with these bytes, one after the other. */
function digestsOf(...pictures: readonly { readonly bytes: Buffer; readonly shape: Shape }[]): readonly string[] {
  const digests = new PictureDigests();
  const found = pictures.map(({ bytes, shape }) => {
    const picture = Picture.fromBytes(bytes, ...shape);
    const digest = digests.of(picture);
    picture.release();
    return digest;
  });
  digests.release();
  return found;
}

test.each<[string, Shape]>([
  ['another size', [80, 100, 3]],
  ['other channels', [300, 80, 1]],
])('a picture of the same bytes and %s has another digest; it comes back with the first one', (_what, other) => {
  const shape: Shape = [100, 80, 3];
  const bytes = striped(shape);
  const [one, two, again] = digestsOf({ bytes, shape }, { bytes, shape: other }, { bytes: Buffer.from(bytes), shape });
  expect(two).not.toBe(one);
  expect(again).toBe(one);
});

test('one value that changes by one gives another digest, wherever it is', () => {
  const shape: Shape = [33, 17, 3];
  const bytes = striped(shape);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), (at) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(bytes.readUInt8(at) + 1, at);
      const [one, two] = digestsOf({ bytes, shape }, { bytes: changed, shape });
      expect(two).not.toBe(one);
    }),
  );
});

test('two values that change places give another digest: the sum of the squares is the same then', () => {
  const shape: Shape = [4, 1, 1];
  const [one, two] = digestsOf(
    { bytes: Buffer.from([9, 3, 5, 7]), shape },
    { bytes: Buffer.from([3, 9, 5, 7]), shape },
  );
  expect(two).not.toBe(one);
});
