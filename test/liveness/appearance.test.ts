import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alteration } from '../../src/evaluation/liveness/alteration.js';
import { faceLivenessSchema } from '../../src/face/observation.js';
import { seeded } from '../../src/kit/seeded-random.js';
import {
  APPEARANCE_BOUNDS,
  appearanceView,
  classShare,
  combine,
  faceSquare,
  pixelNoise,
  whyNotScored,
} from '../../src/liveness/appearance.js';

const square = (x: number, y: number, side: number) => ({ x, y, width: side, height: side });

describe('the view of an appearance network', () => {
  test.each([
    [
      '2.7 sides around the face where there is room',
      square(270, 190, 100),
      { x: 185, y: 105, width: 271, height: 271 },
      2.7,
    ],
    ['shifted inside at an edge', square(20, 20, 100), { x: 0, y: 0, width: 271, height: 271 }, 2.7],
    ['as large as the frame has room for', square(220, 140, 200), { x: 80, y: 0, width: 480, height: 480 }, 2.395],
  ])('is %s', (_title, box, region, context) => {
    const view = appearanceView(box, 2.7, 640, 480);
    expect(view?.region).toEqual(region);
    expect(view?.context).toBeCloseTo(context, 3);
    expect(view?.inside).toBe(1);
  });

  test('takes a tall box as a square of the same area around the same middle', () => {
    expect(faceSquare({ x: 100, y: 100, width: 90, height: 160 })).toEqual({ x: 85, y: 120, width: 120, height: 120 });
  });

  test('of any box lies inside the frame or is none', () => {
    const side = fc.double({ min: -50, max: 3000 });
    const place = fc.double({ min: -2000, max: 4000 });
    const size = fc.integer({ min: 24, max: 2000 });
    fc.assert(
      fc.property(place, place, side, side, size, size, (x, y, width, height, frameWidth, frameHeight) => {
        const view = appearanceView({ x, y, width, height }, 2.7, frameWidth, frameHeight);
        if (!view) return;
        const { region } = view;
        expect(Object.values(region).every(Number.isInteger)).toBe(true);
        expect(Math.min(region.x, region.y)).toBeGreaterThanOrEqual(0);
        expect(Math.min(region.width, region.height)).toBeGreaterThanOrEqual(1);
        expect(region.x + region.width).toBeLessThanOrEqual(frameWidth);
        expect(region.y + region.height).toBeLessThanOrEqual(frameHeight);
      }),
    );
  });

  test('of a box without size or outside the frame is none', () => {
    expect(appearanceView(square(10, 10, 0), 2.7, 640, 480)).toBeUndefined();
    expect(appearanceView(square(900, 10, 50), 2.7, 640, 480)).toBeUndefined();
    expect(appearanceView(square(Number.NaN, 10, 50), 2.7, 640, 480)).toBeUndefined();
  });
});

describe('the noise of a face', () => {
  const ramp = (width: number, height: number) =>
    Uint8Array.from({ length: width * height }, (_, i) => 60 + ((i % width) + Math.floor(i / width)) / 4);
  const noisy = (sd: number) => {
    const random = seeded(7);
    return alteration({ noise: sd, dim: 1 }, random)(ramp(160, 120), random);
  };

  test.each([5, 10, 20])('of sd %d is estimated to within a tenth', (sd) => {
    const estimate = pixelNoise(noisy(sd), 160, 120);
    expect(Math.abs(estimate - sd)).toBeLessThan(sd / 10);
  });

  test('is next to nothing on a clean slope, and endless where there is too little to tell', () => {
    expect(pixelNoise(ramp(160, 120), 160, 120)).toBeLessThan(0.5);
    expect(pixelNoise(new Uint8Array(4), 2, 2)).toBe(Number.POSITIVE_INFINITY);
    expect(pixelNoise(new Uint8Array(10), 160, 120)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a face is not scored', () => {
  const good = { brightness: 120, noise: 1, context: 2.7, inside: 1 };
  test.each([
    ['good light, little noise, room around it: it is', good, undefined],
    ['in the dark', { ...good, brightness: APPEARANCE_BOUNDS.brightness - 1 }, 'dark'],
    ['in noise', { ...good, noise: APPEARANCE_BOUNDS.noise + 0.1 }, 'noise'],
    ['without surroundings', { ...good, context: 1.5 }, 'context'],
    ['cut off by the edge', { ...good, inside: 0.8 }, 'context'],
    ['when nothing could be measured', { brightness: Number.NaN, noise: 1, context: 2.7, inside: 1 }, 'dark'],
    ['when the noise is no number', { ...good, noise: Number.NaN }, 'noise'],
  ] as const)('%s', (_title, seen, why) => expect(whyNotScored(seen)).toBe(why));
});

describe('what networks answer', () => {
  test('is the share of one class by softmax, however large the numbers', () => {
    expect(classShare([0, 0, 0], 3, 0)).toBeCloseTo(1 / 3);
    expect(classShare([900, -900, 0], 3, 0)).toBe(1);
    expect(classShare(Float32Array.of(1, 2, 3), 3, 2)).toBeCloseTo(0.665, 3);
  });

  test.each([
    ['no output', undefined, 3, 0],
    ['too few numbers', [1, 2], 3, 0],
    ['NaN among them', [1, Number.NaN, 2], 3, 0],
    ['infinity among them', [1, Number.POSITIVE_INFINITY, 2], 3, 0],
    ['a class that is none', [1, 2, 3], 3, 3],
  ])('is nothing for %s', (_title, outputs, classes, wanted) =>
    expect(classShare(outputs, classes, wanted)).toBeUndefined(),
  );

  test('of several networks the least counts, and one without an answer makes it a fault', () => {
    expect(combine([0.9, 0.2, 0.7])).toEqual({ kind: 'scored', live: 0.2 });
    expect(combine([0.9, undefined])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(combine([0.9, Number.NaN])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(combine([])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(faceLivenessSchema.safeParse({ kind: 'scored', live: 1.1 }).success).toBe(false);
  });
});
