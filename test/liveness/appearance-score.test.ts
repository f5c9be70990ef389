import { describe, expect, test } from 'vitest';
import { faceLivenessSchema } from '../../src/face/observation.js';
import { classShare, combineScores } from '../../src/liveness/appearance-score.js';

describe('the score of a face', () => {
  test('is the probability of one class by softmax, however large the outputs', () => {
    expect(classShare([0, 0, 0], 3, 0)).toBeCloseTo(1 / 3);
    expect(classShare([900, -900, 0], 3, 0)).toBe(1);
    expect(classShare(Float32Array.of(1, 2, 3), 3, 2)).toBeCloseTo(0.665, 3);
  });

  test.each([
    ['no output', undefined, 3, 0],
    ['too few numbers', [1, 2], 3, 0],
    ['NaN among the outputs', [1, Number.NaN, 2], 3, 0],
    ['infinity among the outputs', [1, Number.POSITIVE_INFINITY, 2], 3, 0],
    ['a class that does not exist', [1, 2, 3], 3, 3],
  ])('is undefined for %s', (_title, outputs, classes, wanted) =>
    expect(classShare(outputs, classes, wanted)).toBeUndefined(),
  );

  test('by several networks is the least of theirs, and a fault when one of them gave none', () => {
    expect(combineScores([0.9, 0.2, 0.7])).toEqual({ kind: 'scored', live: 0.2 });
    expect(combineScores([0.9, undefined])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(combineScores([0.9, Number.NaN])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(combineScores([])).toEqual({ kind: 'unknown', why: 'fault' });
    expect(faceLivenessSchema.safeParse({ kind: 'scored', live: 1.1 }).success).toBe(false);
  });
});
