import { describe, expect, test } from 'vitest';
import { faceLivenessSchema } from '../../src/face/observation.js';
import { classShare, combineScores } from '../../src/liveness/appearance-score.js';

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
    expect(combineScores([0.9, 0.2, 0.7])).toEqual({ kind: 'scored', live: 0.2 });
    expect(combineScores([0.9, undefined])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(combineScores([0.9, Number.NaN])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(combineScores([])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(faceLivenessSchema.safeParse({ kind: 'scored', live: 1.1 }).success).toBe(false);
  });
});
