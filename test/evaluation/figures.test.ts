import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allPairs } from '../../src/evaluation/faces/all-pairs.js';
import {
  equalErrorRate,
  foldAccuracy,
  type JudgedPair,
  type PairDistances,
  rateByPerson,
  tarAt,
  thresholdAt,
} from '../../src/evaluation/figures.js';
import { seeded } from '../../src/kit/seeded-random.js';
import { direction } from '../person/sample.js';

const distances = (impostor: readonly number[], genuine: readonly (readonly number[])[], lost = 0): PairDistances => ({
  impostor: Float32Array.from(impostor).sort(),
  impostorTotal: impostor.length,
  genuine: genuine.map((own) => ({ distances: own, total: own.length + lost })),
});
const IMPOSTORS = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4];

describe('thresholds', () => {
  test.each([
    ['one impostor in ten may match', 0.1, 0.6],
    ['three impostors in ten may match', 0.3, 0.8],
    ['no impostor may match', 0.05, 0.5],
    ['all impostors may match', 1, 4],
  ])('%s', (_rule, fmr, below) => {
    const threshold = thresholdAt(fmr, distances(IMPOSTORS, []));
    expect(threshold).toBeLessThanOrEqual(below);
    expect(threshold).toBeGreaterThan(below - 1e-5);
  });

  test('never let in more impostors than stated; a slightly larger one would', () => {
    const list = fc.array(fc.float({ min: Math.fround(0.01), max: 4, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), (impostor, fmr) => {
        const data = distances(impostor, []);
        const threshold = thresholdAt(fmr, data);
        const matching = (limit: number) => data.impostor.filter((distance) => distance <= limit).length;
        expect(matching(threshold)).toBeLessThanOrEqual(Math.floor(fmr * impostor.length));
        if (threshold < 4) expect(matching(threshold + 2e-6)).toBeGreaterThan(fmr * impostor.length - 1);
      }),
    );
  });
});

describe('rates', () => {
  test('the share of genuine pairs that match; pairs without a face count as refused', () => {
    const data = distances([], [[0.1, 0.2, 0.9], [0.5]], 1);
    expect(tarAt(0.5, data, seeded(1)).rate).toBeCloseTo(3 / 6, 12);
    expect(tarAt(4, data, seeded(1)).rate).toBeCloseTo(4 / 6, 12);
    expect(tarAt(0.5, distances([], []), seeded(1))).toEqual({ rate: 0, low: 0, high: 0 });
  });

  test('the interval holds the rate, is wider for fewer people, and is the same each time', () => {
    const people = (n: number) =>
      distances(
        [],
        Array.from({ length: n }, (_, i) => [i % 4 === 0 ? 1 : 0.1]),
      );
    const few = tarAt(0.5, people(8), seeded(1));
    const many = tarAt(0.5, people(200), seeded(1));
    for (const { rate, low, high } of [few, many]) {
      expect(rate).toBeCloseTo(0.75, 12);
      expect(low).toBeLessThanOrEqual(rate);
      expect(high).toBeGreaterThanOrEqual(rate);
    }
    expect(few.high - few.low).toBeGreaterThan(many.high - many.low);
    expect(tarAt(0.5, people(8), seeded(1))).toEqual(few);
  });

  test('the interval of what never or always happened depends on the number of people, not of photos', () => {
    const people = (n: number, happened: number) => Array.from({ length: n }, () => [happened, 50] as const);
    // Of 100 people, 0 errors: the rule of three says less than 3.7 %.
    expect(rateByPerson(people(100, 0), seeded(1))).toMatchObject({ rate: 0, low: 0, high: expect.closeTo(0.0362, 4) });
    expect(rateByPerson(people(100, 50), seeded(1))).toMatchObject({
      rate: 1,
      low: expect.closeTo(0.9638, 4),
      high: 1,
    });
    expect(rateByPerson(people(1, 0), seeded(1)).high).toBeCloseTo(0.975, 12);
    expect(rateByPerson([], seeded(1))).toEqual({ rate: 0, low: 0, high: 0 });
  });

  test.each([
    ['who are always told apart', [0.9, 1], [[0.1, 0.2]], 0],
    ['who are never told apart', [0.1, 0.2], [[0.9, 1]], 1],
    ['of whom a quarter is mixed up', [0.4, 0.9, 1, 1.1], [[0.1, 0.2, 0.3, 0.95]], 0.25],
  ])('equal error rate of people %s', (_what, impostor, genuine, expected) => {
    expect(equalErrorRate(distances(impostor, genuine))).toBeCloseTo(expected, 6);
  });
});

describe('accuracy over folds', () => {
  const pair = (same: boolean, fold: number, distance: number | undefined): JudgedPair => ({ same, fold, distance });

  test('pairs that a threshold separates are all right', () => {
    const pairs = [0, 1].flatMap((fold) => [pair(true, fold, 0.2), pair(false, fold, 1)]);
    expect(foldAccuracy(pairs, 2)).toEqual({ accuracy: 1, sd: 0 });
  });

  test('each fold is judged by the threshold that is best on the others', () => {
    // The best threshold of fold 1 is 0.5, of fold 0 is 1.5: each is wrong on half of the other.
    const pairs = [pair(true, 0, 1.2), pair(false, 0, 1.8), pair(true, 1, 0.2), pair(false, 1, 0.8)];
    expect(foldAccuracy(pairs, 2).accuracy).toBe(0.5);
  });

  test('a face that was not found counts as refused: right for two people, wrong for one', () => {
    const well = [pair(true, 0, 0.1), pair(false, 0, 1)];
    expect(foldAccuracy([...well, pair(true, 0, undefined), pair(false, 0, undefined)], 1).accuracy).toBe(0.75);
  });
});

describe('all pairs of a set', () => {
  test('are compared once each; images without a face are counted', () => {
    const sample = (person: string, angle?: number) => ({
      person,
      embedding: angle === undefined ? undefined : direction(angle),
    });
    const pairs = allPairs([sample('a', 0), sample('a', 0.5), sample('b', 2), sample('a'), sample('b', 2.1)]);
    expect(pairs.impostorTotal).toBe(6);
    expect(pairs.impostor).toHaveLength(4);
    expect([...pairs.impostor]).toEqual([...pairs.impostor].sort((x, y) => x - y));
    expect(pairs.genuine.map(({ distances: own, total }) => [own.length, total])).toEqual([
      [1, 3],
      [1, 1],
    ]);
  });
});
