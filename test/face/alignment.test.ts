import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { affine, align, pointsOf, similarity } from '../../src/face/alignment.js';
import { fivePoints, poseOf } from '../../src/face/landmarks.js';
import type { Point } from '../../src/face/observation.js';
import { findModel } from '../../src/models/manifest.js';
import { loadManifest } from '../../src/models/model-files.js';
import { applyAffine } from './affine.js';
import { FRONTAL, moved } from './sample.js';

const TEMPLATE = findModel(loadManifest(), 'encoder').template.points;

const { leftEye, rightEye, nose, mouthLeft, mouthRight } = FRONTAL;
const shape = [leftEye, rightEye, nose, mouthLeft, mouthRight];

describe('alignment', () => {
  test('a known rotation, scale and shift is found again', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        fc.double({ min: -1000, max: 1000, noNaN: true }),
        fc.double({ min: -1000, max: 1000, noNaN: true }),
        (angle, scale, x, y) => {
          const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
          const known = [a, -b, x, b, a, y] as const;
          const found = similarity(
            shape,
            shape.map((point) => applyAffine(known, point)),
          );
          found.forEach((value, i) => {
            expect(Math.abs(value - (known[i] as number))).toBeLessThan(
              1e-6 * Math.max(1, Math.abs(known[i] as number)),
            );
          });
        },
      ),
    );
  });

  test('a face is never mirrored and never stretched', () => {
    const mirrored = shape.map(([x, y]): Point => [-x, y]);
    const [a, b, , c, d] = similarity(shape, mirrored);
    expect(a * d - b * c).toBeGreaterThanOrEqual(0);
    expect([a, b]).toEqual([d, -c]);
  });

  test('small errors of the landmarks leave small errors', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 }), (errors) => {
        const from = shape.map(([x, y], i): Point => [x + (errors[2 * i] ?? 0), y + (errors[2 * i + 1] ?? 0)]);
        const exact = similarity(shape, TEMPLATE);
        const blurred = similarity(from, TEMPLATE);
        const [x, y] = applyAffine(exact, [120, 120]);
        const [nearX, nearY] = applyAffine(blurred, [120, 120]);
        expect(Math.hypot(x - nearX, y - nearY)).toBeLessThan(3);
      }),
    );
  });

  test('three points are mapped exactly to three others', () => {
    const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
    const triangle = fc
      .array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 3 })
      .filter(
        ([p, q, r]) => !!p && !!q && !!r && Math.abs((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])) > 1,
      );
    fc.assert(
      fc.property(triangle, triangle, (from, to) => {
        const map = affine(from, to);
        from.forEach((point, i) => {
          const [x, y] = applyAffine(map, point);
          expect(Math.hypot(x - (to[i]?.[0] ?? 0), y - (to[i]?.[1] ?? 0))).toBeLessThan(1e-3);
        });
      }),
    );
    expect(() =>
      affine(
        [
          [0, 0],
          [1, 1],
          [2, 2],
        ],
        shape.slice(0, 3),
      ),
    ).toThrow('lie on a line');
    expect(() => affine(shape, shape)).toThrow('three pairs');
  });

  test("an encoder's template says which landmarks are taken and how they are fitted", () => {
    const all = Array.from({ length: 68 }, (_, i): Point => [i, (i * i) % 97]);
    expect(pointsOf(all, 'affine')).toEqual([all[36], all[45], all[33]]);
    expect(pointsOf(all, 'similarity')).toHaveLength(5);
    expect(() => pointsOf(all.slice(0, 40), 'affine')).toThrow('68 landmarks are needed');
    const points: Point[] = [
      [18, 16],
      [76, 15],
      [48, 49],
    ];
    const map = align(pointsOf(all, 'affine'), { size: 96, fit: 'affine', points });
    expect(applyAffine(map, all[33] as Point)[1]).toBeCloseTo(49, 6);
  });

  test.each([
    ['that coincide', [1, 1, 1].map((): Point => [5, 5]), shape.slice(0, 3)],
    ['of different number', shape, shape.slice(1)],
    ['that are too few', shape.slice(0, 1), shape.slice(0, 1)],
    ['that are NaN', shape.map((): Point => [Number.NaN, 0]), shape],
  ])('points %s are refused', (_what, from, to) => {
    expect(() => similarity(from, to)).toThrow(RangeError);
  });
});

describe('landmarks', () => {
  test('five points are taken from the sixty-eight', () => {
    const all = Array.from({ length: 68 }, (_, i): Point => [i, 100 + i]);
    expect(fivePoints(all)).toEqual({
      leftEye: [38.5, 138.5],
      rightEye: [44.5, 144.5],
      nose: [30, 130],
      mouthLeft: [48, 148],
      mouthRight: [54, 154],
    });
    expect(() => fivePoints(all.slice(0, 54))).toThrow('68 landmarks are needed');
  });

  test('a face that looks straight ahead has a pose of zero', () => {
    const { yaw, pitch, roll } = poseOf(FRONTAL);
    expect(Math.max(Math.abs(yaw), Math.abs(pitch), Math.abs(roll))).toBeLessThan(1);
  });

  test.each([
    ['to the right of the picture', [15, 0], 'yaw', 1],
    ['to the left of the picture', [-15, 0], 'yaw', -1],
    ['down', [0, 8], 'pitch', 1],
    ['up', [0, -8], 'pitch', -1],
  ] as const)('a nose moved %s turns the head that way', (_where, [dx, dy], axis, sign) => {
    const { nose } = FRONTAL;
    const pose = poseOf({ ...FRONTAL, nose: [nose[0] + dx, nose[1] + dy] });
    expect(Math.sign(pose[axis])).toBe(sign);
    expect(Math.abs(pose[axis])).toBeGreaterThan(10);
  });

  test('a tilted head is tilted by its angle and otherwise the same', () => {
    fc.assert(
      fc.property(fc.double({ min: -80, max: 80, noNaN: true }), (degrees) => {
        const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
        const { yaw, pitch, roll } = poseOf(moved(FRONTAL, ([x, y]) => [cos * x - sin * y, sin * x + cos * y]));
        const level = poseOf(FRONTAL);
        expect(roll).toBeCloseTo(degrees, 6);
        expect(yaw).toBeCloseTo(level.yaw, 6);
        expect(pitch).toBeCloseTo(level.pitch, 6);
      }),
    );
  });

  test('any points, however wild, give angles within their bounds', () => {
    const point = fc.tuple(
      fc.double({ min: -1e5, max: 1e5, noNaN: true }),
      fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    );
    const five = fc.record({ leftEye: point, rightEye: point, nose: point, mouthLeft: point, mouthRight: point });
    fc.assert(
      fc.property(five, (points) => {
        const { yaw, pitch, roll } = poseOf(points);
        expect(Math.abs(yaw)).toBeLessThanOrEqual(90);
        expect(Math.abs(pitch)).toBeLessThanOrEqual(90);
        expect(Math.abs(roll)).toBeLessThanOrEqual(180);
      }),
    );
  });
});
