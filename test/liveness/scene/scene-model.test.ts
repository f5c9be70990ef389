import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../src/kit/seeded-random.js';
import { BLOCKS, blockStats, GRID } from '../../../src/liveness/scene/scene-grid.js';
import {
  compareScene,
  LEARNT,
  learnScene,
  type SceneModel,
  STRANGE_MAX,
} from '../../../src/liveness/scene/scene-model.js';

const FRAME = { width: 640, height: 480 };
const FACE = { x: 270, y: 170, width: 100, height: 130 };
const { width: W, height: H } = GRID;

/** A room: coarse structure everywhere, made of a few waves and edges that the seed chooses. */
function room(seed: number): Uint8Array {
  const random = seeded(seed);
  const waves = Array.from(
    { length: 6 },
    () => [random() * 0.7, random() * 0.7, random() * 6, 10 + random() * 15] as const,
  );
  return Uint8Array.from({ length: W * H }, (_, i) => {
    const [x, y] = [i % W, Math.floor(i / W)];
    return 128 + waves.reduce((sum, [u, v, phase, high]) => sum + high * Math.sin(u * x + v * y + phase), 0);
  });
}

const changed = (grey: Uint8Array, change: (value: number, x: number, y: number) => number) =>
  grey.map((value, i) => Math.min(255, Math.max(0, change(value, i % W, Math.floor(i / W)))));
const learnt = (pictures: readonly Uint8Array[]) =>
  pictures.reduce<SceneModel | undefined>((model, picture) => learnScene(model, picture), undefined);
const ROOM = room(1);
const KNOWN = learnt(Array(LEARNT).fill(ROOM));
const look = (grey: Uint8Array, model = KNOWN, faces = [FACE]) => compareScene(model, grey, faces, FRAME);
const body = (x: number, y: number) => x > 28 && x < 68 && y > 20;

describe('the scene around a person', () => {
  test('is the one that was learnt, whatever the light and the exposure', () => {
    expect(look(ROOM)?.match).toBeCloseTo(1, 2);
    expect(look(changed(ROOM, (value) => value * 0.6 + 10))?.match).toBeGreaterThan(0.95);
    expect(look(changed(ROOM, (value, x) => value * (0.6 + x / 300)))?.match).toBeGreaterThan(0.9);
  });

  test('is that also where a person stands before it, and one walks by behind', () => {
    const person = (grey: Uint8Array) => changed(grey, (value, x, y) => (body(x, y) ? 60 : value));
    expect(look(person(ROOM))?.match).toBeGreaterThan(0.95);
    const passer = changed(person(ROOM), (value, x) => (x > 75 ? 40 + (x % 7) * 5 : value));
    expect(look(passer)?.match).toBeGreaterThan(0.9);
  });

  test('is another where a picture of another place covers the view, or a wall does', () => {
    expect(look(room(2))?.match).toBeLessThan(0.6);
    expect(look(ROOM.map(() => 200))?.match).toBeLessThan(0.1);
  });

  test('trembles with the camera and is still itself', () => {
    const shifted = ROOM.map((_, i) => ROOM[Math.min(i + 1, ROOM.length - 1)] as number);
    expect(look(shifted)?.match).toBeGreaterThan(0.97);
  });

  test.each<[string, () => unknown]>([
    ['before it was learnt', () => look(ROOM, learnt(Array(LEARNT - 1).fill(ROOM)))],
    ['before anything was learnt', () => compareScene(undefined, ROOM, [FACE], FRAME)],
    ['in front of a bare wall', () => look(ROOM, learnt(Array(LEARNT).fill(ROOM.map(() => 128))))],
    ['in the dark', () => look(changed(ROOM, (value) => value / 30))],
    ['behind a face that fills the picture', () => look(ROOM, KNOWN, [{ x: 0, y: 0, width: 640, height: 480 }])],
    ['where the scene never is the same', () => look(ROOM, learnt(Array.from({ length: 200 }, (_, i) => room(i))))],
    ['for a picture of another size', () => look(new Uint8Array(7))],
  ])('says nothing %s', (_title, seen) => expect(seen()).toBeUndefined());

  test('is compared only where it is steady: leaves and screens keep a structure in the mean and say nothing', () => {
    const half = W / 2;
    const leaf = (x: number, y: number) => ((x >> 2) + (y >> 2)) % 2 === 0;
    const windy = (i: number) =>
      changed(ROOM, (value, x, y) =>
        x < half ? 128 + 0.5 * (value - 128) + (leaf(x, y) === (i % 2 === 0) ? 40 : -40) : value,
      );
    const model = learnt(Array.from({ length: 60 }, (_, i) => windy(i)));
    const still = learnt(Array(LEARNT).fill(changed(ROOM, (value, x) => (x < half ? 128 : value))));
    // There is structure in the mean of the restless half, enough to be compared by…
    const restless = Array.from({ length: BLOCKS }, (_, block) => block).filter((block) => block % 8 < 4);
    const deviations = restless.map(
      (block) => blockStats(model?.mean as Float32Array, block, new Uint8Array(W * H)).deviation,
    );
    expect(Math.min(...deviations)).toBeGreaterThan(8);
    // …and yet only the steady half is.
    expect(look(ROOM, model)?.blocks).toBe(look(ROOM, still)?.blocks);
    expect(look(windy(0), model)?.match).toBeGreaterThan(0.95);
  });

  test('is learnt anew where it changed for good, and not where somebody covers the camera for a while', () => {
    const other = room(3);
    const more = (model: SceneModel | undefined, times: number) =>
      Array(times)
        .fill(other)
        .reduce<SceneModel | undefined>((known, picture) => learnScene(known, picture), model);
    const covered = more(KNOWN, STRANGE_MAX - 1);
    expect(look(other, covered)?.match).toBeLessThan(0.7);
    expect(look(ROOM, covered)?.match).toBeCloseTo(1, 2);
    // Then nothing is known until the other one is.
    const anew = more(covered, 1);
    expect([look(other, anew), look(ROOM, anew)]).toEqual([undefined, undefined]);
    expect(look(other, more(anew, LEARNT))?.match).toBeGreaterThan(0.95);
    // A look at the known scene begins the count anew.
    expect(look(other, more(learnScene(covered, ROOM), STRANGE_MAX - 1))?.match).toBeLessThan(0.7);
  });

  test('whatever is seen, the answer is a likeness of a number of blocks, and learning never breaks', () => {
    const picture = fc.uint8Array({ minLength: W * H, maxLength: W * H });
    const box = fc.record({
      x: fc.constantFrom(-1e5, 0, 300, 1e5),
      y: fc.constantFrom(-1e5, 0, 300),
      width: fc.constantFrom(0, 1, 200, 1e5),
      height: fc.constantFrom(0, 1, 200, 1e5),
    });
    fc.assert(
      fc.property(picture, picture, fc.array(box, { maxLength: 3 }), (a, b, faces) => {
        const model = learnScene(learnScene(KNOWN, a), b);
        const found = look(a, model, faces);
        if (found) {
          expect(found.blocks).toBeLessThanOrEqual(BLOCKS);
          expect(Math.abs(found.match)).toBeLessThanOrEqual(1.001);
        }
      }),
      { numRuns: 30 },
    );
  });
});
