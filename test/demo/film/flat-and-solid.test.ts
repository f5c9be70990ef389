import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeadPoint } from '../../../src/demo/film/face-depth.js';
import type { Mesh } from '../../../src/demo/film/mesh.js';
import type { Turn } from '../../../src/demo/film/movement.js';
import { headShare, personOf, personShare } from '../../../src/demo/film/person.js';
import { type Sheet, sheetMesh } from '../../../src/demo/film/sheet.js';
import type { Point } from '../../../src/face/observation.js';
import { planeResidual } from '../../../src/liveness/homography.js';
import { LANDMARKS, TO_TEXTURE } from './heads.js';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const canvas = { width: 640, height: 480 };
const rest = { x: 320, y: 240, height: 150 };
const still: Turn = { yaw: 0, pitch: 0, roll: 0 };
const person = personOf(LANDMARKS, TO_TEXTURE, rest, canvas);

/** Where a mesh shows a place of the photo: at its nearest point, which is near enough. */
function shown(mesh: Mesh, [x, y]: HeadPoint): Point {
  const [u, v] = [200 + 100 * x, 150 + 100 * y];
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < mesh.u.length; i++) {
    const away = Math.hypot((mesh.u[i] as number) - u, (mesh.v[i] as number) - v);
    if (away < least) [least, best] = [away, i];
  }
  return [mesh.x[best] as number, mesh.y[best] as number];
}
/** Brows, nose, eyes, mouth: what the motion cue looks at. */
const inner = LANDMARKS.slice(17);
/** In widths of the face, about 0.9 of its height. */
const residualOf = (a: Mesh, b: Mesh) =>
  (planeResidual(
    inner.map((point) => shown(a, point)),
    inner.map((point) => shown(b, point)),
  ) ?? Number.NaN) / 135;

describe('a person of flesh', () => {
  const asTaken = person.at({ standing: rest, turn: still, lids: 0 });

  test('looks as on the photo where nothing has moved', () => {
    for (let i = 0; i < asTaken.x.length; i++) {
      expect(asTaken.x[i]).toBeCloseTo(rest.x + (((asTaken.u[i] as number) - 200) / 100) * rest.height, 6);
      expect(asTaken.y[i]).toBeCloseTo(rest.y + (((asTaken.v[i] as number) - 150) / 100) * rest.height, 6);
    }
  });

  test('covers the frame wherever the person goes', () => {
    fc.assert(
      fc.property(number(-20, 20), number(-12, 12), number(138, 165), (dx, dy, height) => {
        const { x, y } = person.at({ standing: { x: 320 + dx, y: 240 + dy, height }, turn: still, lids: 0 });
        expect([Math.min(...x) < 0, Math.max(...x) > 640, Math.min(...y) < 0, Math.max(...y) > 480]).toEqual(
          Array(4).fill(true),
        );
      }),
      { numRuns: 10 },
    );
  });

  test('turns as no flat picture does, more the farther it turns', () => {
    const residuals = [3, 6, 9, 14].map((yaw) =>
      residualOf(asTaken, person.at({ standing: rest, turn: { ...still, yaw }, lids: 0 })),
    );
    expect(residuals).toEqual([...residuals].sort((a, b) => a - b));
    // Twice the limit of the motion cue at such a shift (src/liveness/solidity.ts).
    expect(residuals[2]).toBeGreaterThan(0.008);
  });

  test('comes nearer in front of a background that stays', () => {
    const nearer = person.at({ standing: { ...rest, height: 165 }, turn: still, lids: 0 });
    const [before, after] = [asTaken, nearer].map((mesh) => ({
      eyes: Math.abs(shown(mesh, [0.24, -0.25])[0] - shown(mesh, [-0.24, -0.25])[0]),
      corner: [mesh.x[0], mesh.y[0]],
    }));
    expect((after?.eyes ?? 0) / (before?.eyes ?? 1)).toBeCloseTo(1.1, 2);
    expect(after?.corner).toEqual(before?.corner);
  });

  test('the far is painted before the near', () => {
    const [first, last] = [person.cells[0], person.cells.at(-1)] as [number, number];
    const place = (i: number): [number, number] => [
      ((asTaken.u[i] as number) - 200) / 100,
      ((asTaken.v[i] as number) - 150) / 100,
    ];
    expect(personShare(...place(first))).toBe(0);
    expect(Math.abs(place(last)[0])).toBeLessThan(0.1);
    expect(Math.abs(place(last)[1] - 0.04)).toBeLessThan(0.1);
  });

  test('a head is part of the person, and the neck gives', () => {
    expect([headShare(0, 0), personShare(0, 0), headShare(0, 1.2), personShare(0, 1.2)]).toEqual([1, 1, 0, 1]);
    fc.assert(
      fc.property(number(-3, 3), number(-3, 3), (x, y) => {
        expect(headShare(x, y)).toBeLessThanOrEqual(personShare(x, y) + 1e-9);
      }),
    );
  });
});

describe('a sheet', () => {
  const sheet: Sheet = {
    texture: { pixels: new Uint8Array(3), width: 401, height: 301 },
    left: -2,
    top: -1.5,
    width: 4,
    height: 3,
  };

  test('moves as a plane does, however it is held', () => {
    const turn = fc.record({ yaw: number(-15, 15), pitch: number(-15, 15), roll: number(-10, 10) });
    const standing = fc.record({ x: number(280, 360), y: number(200, 280), height: number(120, 180) });
    const corners = (mesh: Mesh) =>
      Array.from(mesh.x, (x, i): Point => [x, mesh.y[i] as number]).filter((_, i) => i % 37 === 0);
    fc.assert(
      fc.property(turn, standing, (by, at) => {
        const before = sheetMesh(sheet, { standing: rest, turn: still }, canvas);
        const after = sheetMesh(sheet, { standing: at, turn: by }, canvas);
        expect(planeResidual(corners(before), corners(after))).toBeLessThan(1e-6);
      }),
    );
  });

  test('shows the middle of its picture where the face stands', () => {
    const { x, y, u, v, columns, rows } = sheetMesh(sheet, { standing: rest, turn: still }, canvas);
    const middle = ((rows - 1) / 2) * columns + (columns - 1) / 2;
    expect([x[middle], y[middle], u[middle], v[middle]]).toEqual([320, 240, 200, 150]);
  });
});
