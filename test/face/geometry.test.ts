import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirm, type Detection, mergeConfirmed, readDetections } from '../../src/face/confirmation.js';
import { area, centre, contextRegion, iou, squareAround, suppress } from '../../src/face/geometry.js';
import type { Box } from '../../src/face/observation.js';

const coordinate = fc.double({ min: -2000, max: 2000, noNaN: true });
const side = fc.double({ min: 1, max: 1000, noNaN: true });
const box: fc.Arbitrary<Box> = fc.record({ x: coordinate, y: coordinate, width: side, height: side });
const at = (x: number, y: number, width = 10, height = width): Box => ({ x, y, width, height });

describe('boxes', () => {
  test('overlap is the same both ways, lies in 0…1, and is 1 with itself', () => {
    fc.assert(
      fc.property(box, box, (a, b) => {
        expect(iou(a, b)).toBeCloseTo(iou(b, a), 12);
        expect(iou(a, b)).toBeGreaterThanOrEqual(0);
        expect(iou(a, b)).toBeLessThanOrEqual(1 + 1e-9);
        expect(iou(a, a)).toBeCloseTo(1, 6);
      }),
    );
  });

  test.each([
    ['apart', at(0, 0), at(20, 0), 0],
    ['side by side', at(0, 0), at(10, 0), 0],
    ['half over', at(0, 0), at(5, 0), 1 / 3],
    ['one inside the other', at(0, 0), at(2, 2, 5), 0.25],
    ['one of no size', at(0, 0), at(5, 5, 0), 0],
  ])('overlap of boxes %s', (_what, a, b, expected) => {
    expect(iou(a, b)).toBeCloseTo(expected, 12);
  });

  test('a square around a box has its centre', () => {
    fc.assert(
      fc.property(box, side, (any, length) => {
        const [x, y] = centre(squareAround(any, length));
        expect(x).toBeCloseTo(centre(any)[0], 6);
        expect(y).toBeCloseTo(centre(any)[1], 6);
      }),
    );
  });

  test('the view of the confirming network lies inside the frame, in whole pixels, wherever the proposal is', () => {
    const size = fc.integer({ min: 24, max: 4000 });
    fc.assert(
      fc.property(box, fc.double({ min: 1, max: 5, noNaN: true }), size, size, (any, context, width, height) => {
        const region = contextRegion(any, context, width, height);
        expect(Object.values(region).every(Number.isInteger)).toBe(true);
        expect(Math.min(region.x, region.y)).toBeGreaterThanOrEqual(0);
        expect(Math.min(region.width, region.height)).toBeGreaterThanOrEqual(1);
        expect(region.x + region.width).toBeLessThanOrEqual(width);
        expect(region.y + region.height).toBeLessThanOrEqual(height);
      }),
    );
  });

  test('in the middle of a large frame it is centred, in the proportions of the network', () => {
    expect(contextRegion(at(400, 300, 90), 2, 1920, 1080)).toEqual({ x: 325, y: 255, width: 240, height: 180 });
  });

  test('of boxes on one face the one with the best score stays; no other face is lost', () => {
    const found = fc.array(fc.record({ box, score: fc.double({ min: 0, max: 1, noNaN: true }) }), { maxLength: 12 });
    fc.assert(
      fc.property(found, fc.double({ min: 0, max: 1, noNaN: true }), (all, threshold) => {
        const kept = suppress(all, threshold);
        for (const one of all) {
          const stands = kept.includes(one);
          const covered = kept.some((other) => other.score >= one.score && iou(other.box, one.box) > threshold);
          expect(stands || covered).toBe(true);
        }
      }),
    );
  });
});

const region = { x: 100, y: 50, width: 320, height: 240 };

describe('the confirming network', () => {
  test('its fractions become pixels of the frame', () => {
    const scores = Float32Array.from([0.1, 0.9]);
    const boxes = Float32Array.from([0.25, 0.5, 0.5, 0.75]);
    const [found] = readDetections(scores, boxes, region, 0.5);
    expect(found?.box).toEqual({ x: 180, y: 170, width: 80, height: 60 });
    expect(found?.score).toBeCloseTo(0.9, 6);
  });

  test.each([
    ['a low score', [0.6, 0.4], [0.1, 0.1, 0.5, 0.5]],
    ['a score of NaN', [0, Number.NaN], [0.1, 0.1, 0.5, 0.5]],
    ['a box of NaN', [0, 1], [Number.NaN, 0.1, 0.5, 0.5]],
    ['a box inside out', [0, 1], [0.5, 0.1, 0.1, 0.5]],
    ['a box of no size', [0, 1], [0.5, 0.5, 0.5, 0.5]],
    ['no box at all', [0, 1], []],
  ])('%s is no face', (_what, scores, boxes) => {
    expect(readDetections(Float32Array.from(scores), Float32Array.from(boxes), region, 0.5)).toEqual([]);
  });

  test('two boxes on one face are one face', () => {
    const scores = Float32Array.from([0, 0.8, 0, 0.95, 0, 0.7]);
    const boxes = Float32Array.from([0.1, 0.1, 0.5, 0.5, 0.12, 0.1, 0.5, 0.5, 0.6, 0.6, 0.9, 0.9]);
    expect(readDetections(scores, boxes, region, 0.5).map(({ score }) => Math.round(score * 100))).toEqual([95, 70]);
  });

  const face = (found: Box, score = 0.9): Detection => ({ box: found, score });

  test.each([
    ['the face it lies on', at(0, 0, 100), [face(at(5, 5, 90))], 0],
    ['the nearer of two faces', at(0, 0, 100), [face(at(30, 0, 100)), face(at(10, 0, 100))], 1],
    ['not the face above a badge', at(0, 150, 40), [face(at(-20, 0, 100))], undefined],
    ['not a face far larger than it', at(40, 40, 20), [face(at(0, 0, 100))], undefined],
    ['not a face far smaller than it', at(0, 0, 100), [face(at(40, 40, 20))], undefined],
    ['no face where there is none', at(0, 0, 100), [], undefined],
  ])('a proposal means %s', (_what, proposal, detections, expected) => {
    expect(confirm(proposal, detections)).toBe(expected === undefined ? undefined : detections[expected]);
  });

  test('of many faces the largest are kept, largest first, and each once', () => {
    const faces = [face(at(0, 0, 20)), face(at(200, 0, 60)), face(at(202, 0, 60), 0.99), face(at(400, 0, 40))];
    const kept = mergeConfirmed(faces, 2);
    expect(kept.map((one) => area(one.box))).toEqual([3600, 1600]);
    expect(kept[0]?.score).toBe(0.99);
  });
});
