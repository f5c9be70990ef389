import { beforeAll, expect, test } from 'vitest';
import { FAULT_AFTER_MS, type PictureFault, STREAM_FROZEN_AFTER_MS } from '../../src/camera/picture-fault.js';
import { PictureWatch } from '../../src/camera/picture-watch.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { Picture } from '../../src/kit/opencv/picture.js';
import { seeded } from '../../src/kit/seeded-random.js';

beforeAll(loadOpenCv);

const [WIDTH, HEIGHT] = [640, 480];
const random = seeded(7);

/** A grey wall with the noise of a sensor, up to so much. */
function wall(level: number, noise: number): Buffer {
  const bytes = Buffer.alloc(WIDTH * HEIGHT * 3, level);
  for (let i = 0; noise > 0 && i < bytes.length; i += 3) bytes[i] = level + Math.floor(random() * (noise + 1));
  return bytes;
}

/** What is said of the last of these pictures, with a long time between any two. */
function saidOf(pictures: readonly Buffer[], frozenMs = FAULT_AFTER_MS) {
  const watch = new PictureWatch(frozenMs);
  let before: Picture | undefined;
  let said: PictureFault | undefined;
  for (const [n, bytes] of pictures.entries()) {
    const picture = Picture.fromBytes(bytes, WIDTH, HEIGHT, 3);
    said = watch.see({ picture, takenMs: monotonicMs(n * FAULT_AFTER_MS) }, before);
    before?.release();
    before = picture;
  }
  before?.release();
  return said;
}

test('a scene in which nothing moves is not frozen: its noise moves', () => {
  expect(saidOf([wall(90, 1), wall(90, 1)])).toBeUndefined();
});

test('the same picture again is frozen', () => {
  const bytes = wall(90, 5);
  expect(saidOf([bytes, bytes])).toBe('frozen');
});

test('a covered lens is dark, whatever its noise; a lamp in a dark hall is not', () => {
  expect(saidOf([wall(0, 16), wall(0, 16)])).toBe('dark');
  const lamp = () => {
    const bytes = wall(0, 16);
    for (let y = 20; y < 60; y++) bytes.fill(180, (y * WIDTH + 20) * 3, (y * WIDTH + 60) * 3);
    return bytes;
  };
  expect(saidOf([lamp(), lamp()])).toBeUndefined();
});

test('a stream may repeat a picture for longer', () => {
  const bytes = wall(90, 5);
  const times = STREAM_FROZEN_AFTER_MS / FAULT_AFTER_MS;
  const pictures = (count: number) => Array.from({ length: count }, () => bytes);
  expect(saidOf(pictures(times), STREAM_FROZEN_AFTER_MS)).toBeUndefined();
  expect(saidOf(pictures(times + 1), STREAM_FROZEN_AFTER_MS)).toBe('frozen');
});
