import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appearanceView, faceSquare } from '../../src/liveness/appearance-view.js';

const square = (x: number, y: number, side: number) => ({ x, y, width: side, height: side });

describe('the view of an appearance network', () => {
  test.each([
    [
      '2.7 sides around the face where there is room',
      square(270, 190, 100),
      { x: 185, y: 105, width: 271, height: 271 },
      2.7,
    ],
    ['shifted into the frame at its edge', square(20, 20, 100), { x: 0, y: 0, width: 271, height: 271 }, 2.7],
    ['as large as the frame has room for', square(220, 140, 200), { x: 80, y: 0, width: 480, height: 480 }, 2.395],
  ])('is %s', (_title, box, region, context) => {
    const view = appearanceView(box, 2.7, 640, 480);
    expect(view?.region).toEqual(region);
    expect(view?.context).toBeCloseTo(context, 3);
    expect(view?.inside).toBe(1);
  });

  test('takes a tall box as a square of the same area around the same middle', () => {
    expect(faceSquare({ x: 100, y: 100, width: 90, height: 160 })).toEqual({ x: 85, y: 120, width: 120, height: 120 });
  });

  test('lies inside the frame for any box, or there is none', () => {
    const side = fc.double({ min: -50, max: 3000 });
    const place = fc.double({ min: -2000, max: 4000 });
    const size = fc.integer({ min: 24, max: 2000 });
    fc.assert(
      fc.property(place, place, side, side, size, size, (x, y, width, height, frameWidth, frameHeight) => {
        const view = appearanceView({ x, y, width, height }, 2.7, frameWidth, frameHeight);
        if (!view) return;
        const { region } = view;
        expect(Object.values(region).every(Number.isInteger)).toBe(true);
        expect(Math.min(region.x, region.y)).toBeGreaterThanOrEqual(0);
        expect(Math.min(region.width, region.height)).toBeGreaterThanOrEqual(1);
        expect(region.x + region.width).toBeLessThanOrEqual(frameWidth);
        expect(region.y + region.height).toBeLessThanOrEqual(frameHeight);
      }),
    );
  });

  test('does not exist for a box without size or outside the frame', () => {
    expect(appearanceView(square(10, 10, 0), 2.7, 640, 480)).toBeUndefined();
    expect(appearanceView(square(900, 10, 50), 2.7, 640, 480)).toBeUndefined();
    expect(appearanceView(square(Number.NaN, 10, 50), 2.7, 640, 480)).toBeUndefined();
  });
});
