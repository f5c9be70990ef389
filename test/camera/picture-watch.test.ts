import { beforeAll, expect, test } from 'vitest';
import { FAULT_AFTER_MS } from '../../src/camera/picture-fault.js';
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

/** What is said of the last of two pictures with a long time between them, and of one at the same moment. */
function saidOf(pictures: readonly Buffer[]) {
  const watch = new PictureWatch();
  const said = pictures.map((bytes, n) => {
    const picture = Picture.fromBytes(bytes, WIDTH, HEIGHT, 3);
    try {
      return watch.see({ picture, takenMs: monotonicMs(n * FAULT_AFTER_MS) });
    } finally {
      picture.release();
    }
  });
  return said.at(-1);
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

test('a picture smaller than what is compared is compared as a whole', () => {
  const watch = new PictureWatch();
  const picture = Picture.fromBytes(Buffer.alloc(64 * 48, 100), 64, 48, 1);
  expect(watch.see({ picture, takenMs: monotonicMs(0) })).toBeUndefined();
  expect(watch.see({ picture, takenMs: monotonicMs(FAULT_AFTER_MS) })).toBe('frozen');
  picture.release();
});
