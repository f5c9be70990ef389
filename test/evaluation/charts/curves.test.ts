import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorCurve, errorsAt, histogram } from '../../../src/evaluation/charts/curves.js';

const crowd = (values: readonly number[], never = 0) => ({
  from: Float64Array.from(values).sort(),
  total: values.length + never,
});

test('both errors at a threshold are shares of all pairs, also of those that are never accepted', () => {
  const [impostor, genuine] = [crowd([1, 2, 3], 1), crowd([0.5, 1.5], 2)];
  expect(errorsAt(0.4, impostor, genuine)).toEqual({ falseMatch: 0, falseNonMatch: 1 });
  expect(errorsAt(1, impostor, genuine)).toEqual({ falseMatch: 0.25, falseNonMatch: 0.75 });
  expect(errorsAt(4, impostor, genuine)).toEqual({ falseMatch: 0.75, falseNonMatch: 0.5 });
});

test('without people to compare there are no errors and no curve', () => {
  expect(errorsAt(1, crowd([]), crowd([]))).toEqual({ falseMatch: 0, falseNonMatch: 0 });
  expect(errorCurve(crowd([]), crowd([1]))).toEqual([]);
});

test('a curve goes one way, ends with all impostors accepted, and each point has the errors of its threshold', () => {
  const values = fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(values, values, fc.nat(5), (far, near, never) => {
      const [impostor, genuine] = [crowd(far, never), crowd(near, never)];
      const curve = errorCurve(impostor, genuine);
      expect(curve.at(-1)?.falseMatch).toBeCloseTo(far.length / (far.length + never), 12);
      curve.forEach((point, i) => {
        const before = curve[i - 1];
        if (before) expect(point.falseMatch).toBeGreaterThan(before.falseMatch);
        if (before) expect(point.falseNonMatch).toBeLessThanOrEqual(before.falseNonMatch);
        const threshold = impostor.from[Math.round(point.falseMatch * impostor.total) - 1] ?? 0;
        expect(errorsAt(threshold, impostor, genuine)).toEqual(point);
      });
    }),
  );
});

test('a million impostors make a curve of some hundred points', () => {
  const curve = errorCurve({ from: Float32Array.from({ length: 1e6 }, (_, i) => i / 1e6), total: 1e6 }, crowd([0.5]));
  expect(curve.length).toBeGreaterThan(60);
  expect(curve.length).toBeLessThan(200);
});

test('a histogram gives the share of each bin; the last bin also takes larger values', () => {
  expect(histogram(Float32Array.from([0, 0.5, 1, 9]), 1, 3)).toEqual([0.5, 0.25, 0.25]);
  expect(histogram(new Float32Array(0), 1, 2)).toEqual([0, 0]);
});
