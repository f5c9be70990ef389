import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { FAULT_AFTER_MS, type PictureFault, STREAM_FROZEN_AFTER_MS } from '../../src/camera/picture-fault.js';
import { PictureWatch, REMEMBERED } from '../../src/camera/picture-watch.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { Picture } from '../../src/kit/opencv/picture.js';
import { seeded } from '../../src/kit/seeded-random.js';

beforeAll(loadOpenCv);

const [WIDTH, HEIGHT] = [640, 480];
const EVERY_MS = 2000;
const random = seeded(7);

/** A grey wall with the noise of a sensor, up to so much. */
function wall(level: number, noise: number): Buffer {
  const bytes = Buffer.alloc(WIDTH * HEIGHT * 3, level);
  for (let i = 0; noise > 0 && i < bytes.length; i += 3) bytes[i] = level + Math.floor(random() * (noise + 1));
  return bytes;
}

/** What is seen in these pictures, one after the other. */
function seenIn(pictures: readonly Buffer[], frozenMs = FAULT_AFTER_MS) {
  const watch = new PictureWatch(frozenMs);
  return pictures.map((bytes, n) => {
    const picture = Picture.fromBytes(bytes, WIDTH, HEIGHT, 3);
    const seen = watch.see({ picture, takenMs: monotonicMs(n * EVERY_MS) }, 1);
    picture.release();
    return seen;
  });
}

const saidOf = (pictures: readonly Buffer[], frozenMs?: number): PictureFault | undefined =>
  seenIn(pictures, frozenMs).at(-1)?.fault;
/** As many pictures as make a fault of what they show. */
const forLong = (picture: (n: number) => Buffer, longMs = FAULT_AFTER_MS) =>
  Array.from({ length: longMs / EVERY_MS + 1 }, (_, n) => picture(n));

test('a scene in which nothing moves is not frozen: its noise moves', () => {
  const seen = seenIn(forLong(() => wall(90, 1)));
  expect(seen).toEqual(seen.map(() => ({ repeats: false })));
});

test('the same picture again is a repeat at once, and frozen after long', () => {
  const bytes = wall(90, 5);
  expect(seenIn([bytes, bytes])).toEqual([{ repeats: false }, { repeats: true }]);
  expect(saidOf(forLong(() => bytes))).toBe('frozen');
});

test('a camera that goes round its buffers shows nothing new once each has come, and is frozen after long', () => {
  const walls = Array.from({ length: REMEMBERED }, () => wall(90, 5));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: REMEMBERED }), (buffers) => {
      const seen = seenIn([...walls.slice(0, buffers), ...forLong((n) => walls[n % buffers] ?? wall(0, 0))]);
      expect(seen.map(({ repeats }) => repeats)).toEqual(seen.map((_, n) => n >= buffers));
      expect(seen.at(-1)?.fault).toBe('frozen');
    }),
    { numRuns: REMEMBERED },
  );
});

test('a picture that many others have followed counts as new: a scene may come back', () => {
  const bytes = wall(90, 5);
  const between = Array.from({ length: REMEMBERED }, () => wall(90, 5));
  expect(seenIn([bytes, ...between, bytes]).at(-1)?.repeats).toBe(false);
  expect(seenIn([bytes, ...between.slice(1), bytes]).at(-1)?.repeats).toBe(true);
});

test('a picture that comes again and again drives no other one out', () => {
  const [bytes, again] = [wall(90, 5), wall(90, 5)];
  const often = Array.from({ length: REMEMBERED }, () => again);
  expect(seenIn([bytes, ...often, bytes]).at(-1)?.repeats).toBe(true);
});

test('a covered lens is dark, whatever its noise; a lamp in a dark hall is not', () => {
  expect(saidOf(forLong(() => wall(0, 16)))).toBe('dark');
  const lamp = () => {
    const bytes = wall(0, 16);
    for (let y = 20; y < 60; y++) bytes.fill(180, (y * WIDTH + 20) * 3, (y * WIDTH + 60) * 3);
    return bytes;
  };
  expect(saidOf(forLong(lamp))).toBeUndefined();
});

test('a stream may repeat a picture for longer before it is frozen; nothing new is seen in it all the same', () => {
  const bytes = wall(90, 5);
  const long = forLong(() => bytes, STREAM_FROZEN_AFTER_MS);
  const seen = seenIn(long, STREAM_FROZEN_AFTER_MS);
  expect(seen.at(-2)).toEqual({ repeats: true });
  expect(seen.at(-1)).toEqual({ repeats: true, fault: 'frozen' });
});
