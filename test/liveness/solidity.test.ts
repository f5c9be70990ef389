import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planeResidual } from '../../src/liveness/homography.js';
import {
  compareShapes,
  newestSolidity,
  rememberShape,
  type Shape,
  shapeOf,
  solidity,
} from '../../src/liveness/solidity.js';
import { at, boxAt, flatHead, type Pose, solidHead } from './heads.js';

const shape = (points: ReturnType<typeof solidHead>, pose: Pose = {}, ms = 0): Shape =>
  shapeOf(points, boxAt(pose), at(ms)) as Shape;
const pose = fc.record({
  yaw: fc.double({ min: -0.8, max: 0.8, noNaN: true }),
  x: fc.double({ min: 100, max: 500, noNaN: true }),
  y: fc.double({ min: 100, max: 400, noNaN: true }),
  size: fc.double({ min: 80, max: 110, noNaN: true }),
});

describe('what movement tells of a face', () => {
  test('however a flat picture is turned, moved and scaled, nothing of it looks solid', () => {
    fc.assert(
      fc.property(pose, pose, (a, b) => {
        const change = compareShapes(shape(flatHead(a), a), shape(flatHead(b), b));
        expect(change?.residual ?? Number.NaN).toBeLessThan(1e-3);
        expect(change && (solidity(change) ?? -0.5)).toBeLessThan(0);
      }),
    );
  });

  test('a head that turns is solid, the more it turns the more', () => {
    const front = shape(solidHead());
    const turned = (yaw: number) => compareShapes(front, shape(solidHead({ yaw })))?.residual ?? 0;
    expect(turned(0.15)).toBeGreaterThan(turned(0.05));
    expect(turned(0.4)).toBeGreaterThan(turned(0.15));
    expect(solidity({ residual: turned(0.4), shift: 0.1 })).toBe(1);
  });

  test('a face that hardly moves says nothing, and one that slides along looks only a little flat', () => {
    expect(solidity({ residual: 0.02, shift: 0.019 })).toBeUndefined();
    const change = compareShapes(shape(solidHead()), shape(solidHead({ x: 360 })));
    expect(change && solidity(change)).toBe(-0.5);
  });

  test('points that are missing, not finite, too far apart in size or all in one place are not compared', () => {
    const spot = solidHead().map((): [number, number] => [5, 5]);
    expect(shapeOf(solidHead().slice(1), boxAt(), at(0))).toBeUndefined();
    expect(shapeOf([...solidHead().slice(1), [Number.NaN, 0]], boxAt(), at(0))).toBeUndefined();
    expect(shapeOf(solidHead(), { x: 0, y: 0, width: 0, height: 0 }, at(0))).toBeUndefined();
    expect(compareShapes(shape(spot), shape(solidHead()))).toBeUndefined();
    expect(compareShapes(shape(solidHead()), shape(solidHead({ size: 300 }), { size: 300 }))).toBeUndefined();
    expect(planeResidual([[0, 0]], [[0, 0]])).toBeUndefined();
  });

  test('one frame with wild points among good ones does not make a print solid', () => {
    const before = [0, 100, 200, 300, 400].map((ms) => shape(flatHead({ x: 300 + ms / 20 }), {}, ms));
    const wild = shape(
      flatHead().map(([x, y], i) => [x + 9 * Math.sin(i), y]),
      {},
      500,
    );
    const newest = shape(flatHead({ x: 360 }), {}, 900);
    expect(newestSolidity([...before, wild], newest)).toBeLessThan(0);
    expect(newestSolidity(before, wild)).toBeGreaterThan(0);
  });

  test('shapes are kept apart in time, and no more of them than needed', () => {
    let kept: readonly Shape[] = [];
    for (let ms = 0; ms < 5000; ms += 30) kept = rememberShape(kept, shape(solidHead(), {}, ms));
    expect(kept.length).toBeLessThanOrEqual(16);
    expect((kept.at(-1)?.atMs ?? 0) - (kept[0]?.atMs ?? 0)).toBeLessThanOrEqual(1300);
    expect(rememberShape(kept, shape(solidHead(), {}, 10))).toBe(kept);
  });
});
