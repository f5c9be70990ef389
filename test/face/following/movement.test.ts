import { expect, test } from 'vitest';
import { hasMoved, SMALL } from '../../../src/face/following/movement.js';
import { boxAt } from './looks.js';

const FRAME = { width: 640, height: 480 };
const wall = () => new Uint8Array(SMALL.width * SMALL.height).fill(90);
const withSpot = (x: number, y: number, level: number) => {
  const picture = wall();
  picture[y * SMALL.width + x] = level;
  return picture;
};
/** In the small picture the face is at columns 30 to 40, rows 10 to 22. */
const ADA = boxAt(300);

test.each<[string, Uint8Array, boolean]>([
  ['nothing', wall(), false],
  ['noise of a few grey levels', wall().map((value, i) => value + ((i * 7) % 9)), false],
  ['one place far from the person', withSpot(2, 40, 130), true],
  ['one place above the head', withSpot(35, 1, 60), true],
  ['the face', withSpot(35, 15, 130), false],
  ['the body below it', withSpot(20, 47, 130), false],
  ['a picture of another size', new Uint8Array(4), true],
])('%s: moved %s', (_what, now, moved) => {
  expect(hasMoved(wall(), now, [ADA], FRAME)).toBe(moved);
});

test('where nobody is known every place counts', () => {
  for (let at = 0; at < SMALL.width * SMALL.height; at += 97)
    expect(hasMoved(wall(), withSpot(at % SMALL.width, Math.floor(at / SMALL.width), 130), [], FRAME)).toBe(true);
});
