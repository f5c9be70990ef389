import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseForVisits,
  chooseThreshold,
  type ThresholdCurve,
  UNMEASURED_VISIT,
} from '../../src/person/thresholds.js';

const CURVE: ThresholdCurve = {
  '1e-2': { threshold: 1.4 },
  '1e-3': { threshold: 1.2 },
  '1e-4': { threshold: 1.0 },
  '1e-5': { threshold: 0.9 },
};
const people = fc.integer({ min: 0, max: 50_000 });
const target = fc.double({ min: 1e-4, max: 0.2, noNaN: true });

describe('the threshold', () => {
  test.each([
    ['one person and a lax target: never looser than one in a thousand', 0.05, 1, 1.2, 1e-3, false],
    ['an empty gallery counts as one person', 0.05, 0, 1.2, 1e-3, false],
    ['thirty people at 0.003', 0.003, 30, 1.0, 1e-4, false],
    ['three hundred people at 0.003', 0.003, 300, 0.9, 1e-5, false],
    ['a thousand people at 0.003: the line is continued', 0.003, 1000, 0.8477, 3e-6, false],
    ['more than this encoder can tell apart', 0.003, 10_000, 0.8, 1e-6, true],
  ])('%s', (_rule, targetFpir, size, threshold, fmr, tooLarge) => {
    const chosen = chooseThreshold(CURVE, targetFpir, size, null);
    expect(chosen.threshold).toBeCloseTo(threshold, 3);
    expect(chosen.fmr).toBeCloseTo(fmr, 6);
    expect(chosen.tooLarge).toBe(tooLarge);
  });

  test('between measured points it is interpolated over the logarithm of the rate', () => {
    const { threshold, fmr } = chooseThreshold(CURVE, 0.003, 300 / Math.sqrt(10), null);
    expect(Math.log10(fmr ?? 0)).toBeCloseTo(-4.5, 2);
    expect(threshold).toBeCloseTo(0.95, 2);
  });

  test('more people or a stricter target never make it looser, and it stays within the curve and one decade beyond', () => {
    fc.assert(
      fc.property(people, people, target, target, (a, b, one, other) => {
        const [few, many] = [Math.min(a, b), Math.max(a, b)];
        const [strict, lax] = [Math.min(one, other), Math.max(one, other)];
        const at = (fpir: number, size: number) => chooseThreshold(CURVE, fpir, size, null).threshold;
        expect(at(lax, many)).toBeLessThanOrEqual(at(lax, few));
        expect(at(strict, few)).toBeLessThanOrEqual(at(lax, few));
        for (const value of [at(strict, many), at(lax, few)]) {
          expect(value).toBeGreaterThanOrEqual(0.8 - 1e-9);
          expect(value).toBeLessThanOrEqual(1.2 + 1e-9);
        }
      }),
    );
  });

  test('strangers are let in at most at the target rate, unless the gallery is reported as too large', () => {
    fc.assert(
      fc.property(people, target, (size, targetFpir) => {
        const { fmr, tooLarge } = chooseThreshold(CURVE, targetFpir, size, null);
        const fpir = 1 - (1 - (fmr ?? 1)) ** Math.max(1, size);
        if (!tooLarge) expect(fpir).toBeLessThanOrEqual(targetFpir * 1.002);
      }),
    );
  });

  test('set by hand, it is taken as it is', () => {
    expect(chooseThreshold(CURVE, 0.003, 50_000, 0.49)).toEqual({ threshold: 0.49, fmr: null, tooLarge: false });
  });
});

describe('the threshold of whole visits', () => {
  const visit = { '1': 3, '2': 2, '3': 1.5 };
  const rule = (agree: number, targetFpir = 0.003) => ({ agree, targetFpir, threshold: null });

  test.each([
    [1, 3],
    [2, 2],
    [3, 1.5],
    [8, 1.5],
  ])(
    'with %d frames at least it is that of %d times as many single photos, at a quarter of the rate',
    (agree, photos) => {
      const { threshold } = chooseForVisits({ ...CURVE, visit }, rule(agree), 60);
      expect(threshold).toBeCloseTo(chooseThreshold(CURVE, 0.003 / 4, 60 * photos, null).threshold, 3);
    },
  );

  test.each([
    ['what is aimed at can be kept', 100, false],
    ['the target can be kept, less than it cannot', 1000, false],
    ['nor can the target', 1600, true],
  ])('%s: %d templates', (_rule, templates, tooLarge) => {
    expect(chooseForVisits({ ...CURVE, visit }, rule(2), templates).tooLarge).toBe(tooLarge);
  });

  test('of an encoder of which nothing was measured it is the strictest', () => {
    expect(chooseForVisits(CURVE, rule(2), 60)).toEqual(
      chooseForVisits({ ...CURVE, visit: UNMEASURED_VISIT }, rule(2), 60),
    );
    expect(chooseForVisits(CURVE, rule(2), 60).threshold).toBeLessThan(
      chooseForVisits({ ...CURVE, visit }, rule(2), 60).threshold,
    );
  });

  test('more frames never make it stricter, and it is never looser than that of one photo', () => {
    fc.assert(
      fc.property(people, target, fc.integer({ min: 1, max: 30 }), (size, targetFpir, agree) => {
        const { threshold } = chooseForVisits({ ...CURVE, visit }, rule(agree, targetFpir), size);
        expect(threshold).toBeLessThanOrEqual(
          chooseForVisits({ ...CURVE, visit }, rule(agree + 1, targetFpir), size).threshold,
        );
        expect(threshold).toBeLessThanOrEqual(chooseThreshold(CURVE, targetFpir, size, null).threshold);
      }),
    );
  });

  test('set by hand, it is taken as it is', () => {
    expect(chooseForVisits(CURVE, { ...rule(2), threshold: 0.49 }, 60).threshold).toBe(0.49);
  });
});
