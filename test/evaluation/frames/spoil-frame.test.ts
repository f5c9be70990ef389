import { beforeAll, expect, test } from 'vitest';
import type { Alteration } from '../../../src/evaluation/frames/alteration.js';
import { spoilFrame } from '../../../src/evaluation/frames/spoil-frame.js';
import { loadOpenCv } from '../../../src/kit/opencv/binding.js';
import { Picture } from '../../../src/kit/opencv/picture.js';
import { seeded } from '../../../src/kit/seeded-random.js';

beforeAll(loadOpenCv);

const [WIDTH, HEIGHT] = [64, 48];
const AS_IS: Alteration = { dim: 1, noise: 0, scale: 1, jpeg: null };
/** Fine stripes, which shrinking and a JPEG change. */
const stripes = () =>
  Picture.fromBytes(
    Buffer.from(Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (Math.floor(i / 3) % 3 === 0 ? 200 : 40))),
    WIDTH,
    HEIGHT,
    3,
  );
const spoil = (change: Partial<Alteration>, frame = stripes()) =>
  spoilFrame({ ...AS_IS, ...change }, seeded(1))(frame, seeded(2));

test('a frame that nothing is to be done to is handed on as it is', async () => {
  const frame = stripes();
  expect(await spoil({}, frame)).toBe(frame);
  frame.release();
});

test.each<[string, Partial<Alteration>, number, number]>([
  ['smaller', { scale: 0.5 }, 32, 24],
  ['darker', { dim: 0.25 }, 64, 48],
  ['noisier', { noise: 10 }, 64, 48],
  ['through a JPEG', { jpeg: 20 }, 64, 48],
])('a frame comes back %s', async (_what, change, width, height) => {
  const frame = stripes();
  const before = frame.bytes();
  const spoiled = await spoil(change, frame);
  expect([spoiled.width, spoiled.height]).toEqual([width, height]);
  expect(spoiled.bytes().equals(before)).toBe(false);
  spoiled.release();
});
