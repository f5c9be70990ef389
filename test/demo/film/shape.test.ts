import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eyelids } from '../../../src/demo/film/eyelids.js';
import { faceDepth, type HeadPoint, OUTLINE } from '../../../src/demo/film/face-depth.js';
import { ramp } from '../../../src/demo/film/ramp.js';
import { thinPlate } from '../../../src/demo/film/thin-plate.js';
import { LANDMARKS } from './heads.js';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

describe('a thin plate', () => {
  const corners: HeadPoint[] = [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
    [0.4, 0.7],
  ];

  test('passes through its heights where it is not stiff', () => {
    const heights = [1, -2, 0.5, 3, 7];
    const plate = thinPlate(corners, heights, 0);
    for (const [i, [x, y]] of corners.entries()) expect(plate(x, y)).toBeCloseTo(heights[i] as number, 9);
  });

  test('is a plane over heights of a plane, stiff or not', () => {
    fc.assert(
      fc.property(number(-3, 3), number(-3, 3), number(0, 1), number(-2, 3), number(-2, 3), (a, b, stiff, x, y) => {
        const plane = ([px, py]: HeadPoint) => a * px + b * py + 1;
        expect(thinPlate(corners, corners.map(plane), stiff)(x, y)).toBeCloseTo(plane([x, y]), 6);
      }),
    );
  });

  test('refuses points on one line', () => {
    const line: HeadPoint[] = [
      [0, 0],
      [1, 1],
      [2, 2],
    ];
    expect(() => thinPlate(line, [1, 2, 3], 0)).toThrow('one line');
  });
});

describe('the depth of a face', () => {
  const depth = faceDepth(LANDMARKS);
  const at = (i: number) => depth(...(LANDMARKS[i] as HeadPoint));

  test.each([
    ['the tip of the nose stands out more than its bridge', 30, 27],
    ['the bridge more than the eye beside it', 27, 39],
    ['the eye more than the ear', 36, 0],
    ['the lips more than the corner of the mouth', 51, 48],
    ['the chin more than the corner of the jaw', 8, 4],
  ])('%s', (_what, nearer, farther) => expect(at(nearer)).toBeGreaterThan(at(farther) + 0.02));

  test('the tip of the nose is the highest place of the head', () => {
    fc.assert(
      fc.property(number(-2, 2), number(-2, 2), (x, y) => {
        expect(depth(x, y)).toBeLessThan(at(30) + 0.03);
      }),
    );
  });

  test('beyond the outline it is as far as the outline, and there is no step', () => {
    expect(depth(OUTLINE.halfWidth * 3, 0)).toBe(-0.55);
    fc.assert(
      fc.property(number(-1.5, 1.5), number(-1.5, 1.5), (x, y) => {
        expect(Math.abs(depth(x + 0.005, y) - depth(x, y))).toBeLessThan(0.04);
        expect(Math.abs(depth(x, y + 0.005) - depth(x, y))).toBeLessThan(0.04);
      }),
    );
  });

  test('needs 68 landmarks', () => expect(() => faceDepth(LANDMARKS.slice(1))).toThrow('67 were given'));
});

describe('lids that close', () => {
  const lowered = eyelids(LANDMARKS);

  test('the upper lid comes down to the lower one, which stays', () => {
    const [upper, lower] = [-0.29, -0.22];
    expect(lowered(0.24, upper, 1)).toBeGreaterThan(0.8 * (lower - upper));
    expect(lowered(0.24, upper, 1)).toBeLessThan(lower - upper);
    expect(lowered(0.24, lower + 0.001, 1)).toBe(0);
  });

  test.each([
    ['the brow', 0.24, -0.43],
    ['the nose', 0, -0.1],
    ['the mouth', 0, 0.28],
    ['beyond the corner', 0.45, -0.25],
  ])('%s does not move', (_what, x, y) => expect(lowered(x, y, 1)).toBe(0));

  test('open lids move nothing, and nothing passes what is below it', () => {
    fc.assert(
      fc.property(number(-0.6, 0.6), number(-0.6, 0.6), number(0, 1), (x, y, closed) => {
        expect(lowered(x, y, 0)).toBe(0);
        const [here, below] = [y + lowered(x, y, closed), y + 0.004 + lowered(x, y + 0.004, closed)];
        expect(below).toBeGreaterThan(here);
      }),
    );
  });
});

test('a ramp climbs from 0 to 1 between its ends, and never back', () => {
  fc.assert(
    fc.property(number(-5, 5), number(0, 1), (value, more) => {
      const here = ramp(value, -1, 2);
      expect(here).toBeGreaterThanOrEqual(0);
      expect(here).toBeLessThanOrEqual(1);
      expect(ramp(value + more, -1, 2)).toBeGreaterThanOrEqual(here);
    }),
  );
  expect([ramp(-1, -1, 2), ramp(0.5, -1, 2), ramp(2, -1, 2)]).toEqual([0, 0.5, 1]);
});
