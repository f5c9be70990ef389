import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handTurn, headTurn, lidsClosed } from '../../../src/demo/film/movement.js';
import { FOCAL_PX, type Place, seen, turned } from '../../../src/demo/film/space.js';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const seconds = Array.from({ length: 600 }, (_, i) => i / 100);

/** By how much each differs from the one before. */
const steps = (all: readonly number[]) => all.slice(1).map((value, i) => Math.abs(value - (all[i] as number)));

describe('how things move', () => {
  test.each([
    ['a head', headTurn],
    ['a hand', handTurn],
  ])('%s turns by several degrees, and never so far that a face is lost', (_what, turn) => {
    for (const of of ['yaw', 'pitch', 'roll'] as const) {
      const all = seconds.map((second) => turn(second)[of]);
      expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(3);
      expect(Math.max(...all.map(Math.abs))).toBeLessThan(12);
      // At most 40 degrees a second.
      expect(Math.max(...steps(all))).toBeLessThan(0.4);
    }
  });

  test('lids are open most of the time, shut now and then, and do not jump', () => {
    const all = seconds.map(lidsClosed);
    expect(Math.max(...all)).toBe(1);
    expect(Math.min(...all)).toBe(0);
    expect(all.filter((closed) => closed > 0).length / all.length).toBeLessThan(0.25);
    expect(Math.max(...steps(all))).toBeLessThan(0.15);
    // Camera's 10 frames a second show each of them.
    expect(seconds.filter((_, i) => i % 10 === 0).filter((second) => lidsClosed(second) > 0.5).length).toBeGreaterThan(
      1,
    );
  });
});

describe('turning and seeing', () => {
  const place = fc.tuple(number(-2, 2), number(-2, 2), number(-1, 1)) as fc.Arbitrary<Place>;
  const turn = fc.record({ yaw: number(-30, 30), pitch: number(-30, 30), roll: number(-30, 30) });

  test('a turn changes no distance', () => {
    fc.assert(
      fc.property(place, place, turn, (a, b, by) => {
        const apart = (p: Place, q: Place) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
        expect(apart(turned(a, by), turned(b, by))).toBeCloseTo(apart(a, b), 9);
      }),
    );
  });

  test.each([
    ['yaw brings the right side nearer', { yaw: 10, pitch: 0, roll: 0 }, [1, 0, 0]],
    ['pitch brings the upper side nearer', { yaw: 0, pitch: 10, roll: 0 }, [0, -1, 0]],
  ] as const)('%s', (_what, by, at) => expect(turned(at, by)[2]).toBeGreaterThan(0.1));

  test('roll turns clockwise in the picture', () => {
    expect(turned([1, 0, 0], { yaw: 0, pitch: 0, roll: 10 })[1]).toBeGreaterThan(0.1);
  });

  test('what is nearer is larger, and the middle stays the middle', () => {
    const canvas = { width: 640, height: 480 };
    expect(seen([0, 0, 1], 5, canvas)).toEqual([320, 240]);
    expect(seen([1, 0, 0], 5, canvas)).toEqual([320 + FOCAL_PX / 5, 240]);
    expect(seen([1, 0, 1], 5, canvas)[0]).toBeGreaterThan(seen([1, 0, 0], 5, canvas)[0]);
  });
});
