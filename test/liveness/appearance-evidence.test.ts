import { describe, expect, test } from 'vitest';
import { faceLivenessSchema } from '../../src/face/observation.js';
import { evidenceOf, sumEvidence } from '../../src/liveness/appearance-evidence.js';
import type { AppearanceModel } from '../../src/liveness/appearance-model.js';

const CLEAR = { brightness: 120, noise: 1, context: 2.7 };
const evidence = { offset: 0, slope: 1, least: -3, most: 2, needs: null };
const classes: Pick<AppearanceModel, 'answer' | 'evidence'> = {
  answer: { kind: 'softmax', classes: 3, live: 0 },
  evidence,
};
const ratio: typeof classes = { answer: { kind: 'log-likelihood-ratio' }, evidence };
const needy = { ...ratio, evidence: { ...evidence, needs: { brightness: 45, noise: 4, context: 1.6 } } };

describe('what a network is worth', () => {
  test('is the log odds of its class, stretched and shifted, or its own ratio, within bounds', () => {
    expect(evidenceOf([Math.log(4), 0, 0], classes, CLEAR)).toBeCloseTo(Math.log(2));
    const stretched = { ...classes, evidence: { ...evidence, offset: -1, slope: 0.5 } };
    expect(evidenceOf([Math.log(4), 0, 0], stretched, CLEAR)).toBeCloseTo(Math.log(2) / 2 - 1);
    expect(evidenceOf([900, -900, 0], classes, CLEAR)).toBe(2);
    expect(evidenceOf([-900, 900, 0], classes, CLEAR)).toBe(-3);
    expect([1.5, 9, -9].map((llr) => evidenceOf(Float32Array.of(llr), ratio, CLEAR))).toEqual([1.5, 2, -3]);
  });

  test.each([
    ['the dark', { ...CLEAR, brightness: 44 }],
    ['noise', { ...CLEAR, noise: 4.1 }],
    ['a face that is too near', { ...CLEAR, context: 1.5 }],
    ['what could not be measured', { ...CLEAR, noise: Number.NaN }],
  ])('is nothing in %s where it needs better', (_title, seen) => {
    expect(evidenceOf([-9], needy, seen)).toBe(0);
    expect(evidenceOf([-9], ratio, seen)).toBe(-3);
    expect(evidenceOf([-9], needy, CLEAR)).toBe(-3);
  });

  test.each<[string, number[] | undefined, typeof classes]>([
    ['no output', undefined, classes],
    ['too few numbers', [1, 2], classes],
    ['NaN among the outputs', [1, Number.NaN, 2], classes],
    ['infinity among the outputs', [1, Number.POSITIVE_INFINITY, 2], classes],
    ['a class that does not exist', [1, 2, 3], { ...classes, answer: { kind: 'softmax', classes: 3, live: 3 } }],
    ['a ratio that is none', [Number.NaN], ratio],
    ['several ratios', [1, 2], ratio],
  ])('cannot be told from %s', (_title, outputs, model) => expect(evidenceOf(outputs, model, CLEAR)).toBeUndefined());
});

describe('the evidence of a face', () => {
  test('is the sum over the networks, with what makes it doubtful; a fault when one of them gave none', () => {
    expect(sumEvidence([2, -0.5], undefined)).toEqual({ kind: 'scored', llr: 1.5 });
    expect(sumEvidence([2], 'dark')).toEqual({ kind: 'scored', llr: 2, doubt: 'dark' });
    expect(sumEvidence([2, undefined], undefined)).toEqual({ kind: 'unknown', why: 'fault' });
    expect(sumEvidence([], undefined)).toEqual({ kind: 'unknown', why: 'fault' });
    expect(faceLivenessSchema.safeParse({ kind: 'scored', llr: 101 }).success).toBe(false);
  });
});
