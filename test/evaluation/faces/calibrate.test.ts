import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrate, PEOPLE_MIN } from '../../../src/evaluation/faces/calibrate.js';
import type { PairDistances } from '../../../src/evaluation/figures.js';
import { MATCH_RATES } from '../../../src/models/manifest.js';
import { chooseThreshold } from '../../../src/person/thresholds.js';

/** Impostor pairs whose k-th nearest lies where `at` says for the rate k/n. */
function impostors(n: number, at: (rate: number) => number): PairDistances {
  return { impostor: Float32Array.from({ length: n }, (_, i) => at((i + 1) / n)), impostorTotal: n, genuine: [] };
}
const straight = (rate: number) => 2 + 0.2 * Math.log10(rate);

describe('thresholds from photos of a site', () => {
  test('with a million pairs every rate is measured', () => {
    const found = calibrate(impostors(1_000_000, straight), 1500, null);
    for (const rate of MATCH_RATES) {
      expect(found[rate].from).toBe('measured');
      expect(found[rate].threshold).toBeCloseTo(straight(Number(rate)), 1);
    }
  });

  test('rates with fewer than ten false matches are continued on a line', () => {
    const found = calibrate(impostors(20_000, straight), 200, null);
    expect(MATCH_RATES.map((rate) => found[rate].from)).toEqual(['measured', 'measured', 'extended', 'extended']);
    expect(found['1e-5'].threshold).toBeCloseTo(straight(1e-5), 1);
  });

  test('the line is stricter than a curve that gets flatter', () => {
    const curved = (rate: number) => 1.5 + 0.2 * Math.log10(rate) + 0.015 * Math.log10(rate) ** 2;
    expect(calibrate(impostors(20_000, curved), 200, null)['1e-5'].threshold).toBeLessThan(curved(1e-5) + 0.01);
  });

  test('are never looser than those of the release', () => {
    const one = (threshold: number) => ({ threshold });
    const release = { '1e-2': one(1.55), '1e-3': one(1.5), '1e-4': one(0.9), '1e-5': one(0.8) };
    const found = calibrate(impostors(20_000, straight), 200, release);
    expect(found['1e-2']).toEqual({ threshold: 1.55, from: 'release' });
    expect(found['1e-3'].from).toBe('measured');
    expect(found['1e-5']).toEqual({ threshold: 0.8, from: 'release' });
  });

  test('too few people are refused, however many photos there are of each', () => {
    const many = impostors(100_000, straight);
    expect(() => calibrate(many, PEOPLE_MIN - 1, null)).toThrow('of 45 people; photos of at least 46 are needed');
    expect(calibrate(many, PEOPLE_MIN, null)['1e-3'].from).toBe('extended');
  });

  test('beyond the last measured rate the gate never gets a looser threshold than from the release', () => {
    const one = (threshold: number) => ({ threshold });
    const release = { '1e-2': one(1.41), '1e-3': one(1.19), '1e-4': one(1.0), '1e-5': one(0.85) };
    const flat = (rate: number) => 0.9 + 0.01 * Math.log10(rate);
    const found = calibrate(impostors(1_000_000, flat), 1500, release);
    for (const templates of [400, 1000, 5000])
      expect(chooseThreshold(found, 0.003, templates, null).threshold).toBeLessThanOrEqual(
        chooseThreshold(release, 0.003, templates, null).threshold,
      );
  });

  test('whatever the distances, thresholds lie in 0…4 and never rise with a stricter rate', () => {
    const distances = fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1000, maxLength: 3000 });
    fc.assert(
      fc.property(distances, fc.integer({ min: PEOPLE_MIN, max: 2000 }), (values, people) => {
        const impostor = Float32Array.from(values).sort();
        const found = calibrate({ impostor, impostorTotal: impostor.length, genuine: [] }, people, null);
        const limits = MATCH_RATES.map((rate) => found[rate].threshold);
        for (const limit of limits) expect(limit >= 0 && limit <= 4).toBe(true);
        expect(limits).toEqual([...limits].sort((a, b) => b - a));
      }),
      { numRuns: 30 },
    );
  });
});
