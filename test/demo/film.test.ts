import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expose, noiseTable, paintLayer, paintPhone, paintWall } from '../../src/demo/compositor.js';
import { filmLength, placement, SCRIPT, sceneAt } from '../../src/demo/script.js';
import { allWell, approachesOf, type DecisionEvent, decisionsIn, wrongNames } from '../../src/demo/verdict.js';
import { seeded } from '../../src/kit/seeded-random.js';
import { applyAffine } from '../face/affine.js';

describe('the script of the demo', () => {
  test('every frame belongs to one scene, scenes come in order, each from its begin to its end', () => {
    const scenes = Array.from({ length: filmLength(SCRIPT) }, (_, frame) => sceneAt(SCRIPT, frame));
    expect(scenes[0]).toMatchObject({ index: 0, share: 0 });
    for (const [i, { index, share, scene }] of scenes.entries()) {
      expect(scene).toBe(SCRIPT.scenes[index]);
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
      const next = scenes[i + 1];
      if (!next || next.index === index) continue;
      expect([next.index, next.share, share]).toEqual([index + 1, 0, 1]);
    }
    expect(() => sceneAt(SCRIPT, filmLength(SCRIPT))).toThrow('none of them');
  });

  const actors = SCRIPT.scenes.flatMap(({ actors: own }) => own);
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  test('a face stands where the script says, as large as it says, upright', () => {
    fc.assert(
      fc.property(fc.constantFrom(...actors), share, (actor, at) => {
        const { matrix, x, y, height } = placement(actor, at);
        const { centre, height: own, turn } = actor.likeness;
        const [px, py] = applyAffine(matrix, [...centre]);
        expect(Math.hypot(px - x, py - y)).toBeLessThan(1e-6);
        // The chin stands one face height from the brow, straight below but for the sway.
        const angle = (turn * Math.PI) / 180;
        const [cx, cy] = applyAffine(matrix, [centre[0] - own * Math.sin(angle), centre[1] + own * Math.cos(angle)]);
        expect(Math.hypot(cx - x, cy - y)).toBeCloseTo(height, 6);
        expect(Math.abs(cx - x)).toBeLessThan(height * 0.06);
        expect(cy).toBeGreaterThan(y);
      }),
    );
  });

  test('every face is in the picture all the time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...actors), share, (actor, at) => {
        const { x, y, height } = placement(actor, at);
        expect(Math.min(x, y, SCRIPT.width - x, SCRIPT.height - y)).toBeGreaterThan(height / 2);
      }),
    );
  });
});

describe('the pictures of the film', () => {
  const canvas = { width: 40, height: 30 };
  const size = 40 * 30 * 3;

  test('a photo is painted where it has pixels, in its own columns, and nowhere else', () => {
    const number = fc.double({ min: -30, max: 30, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.double({ min: 0.3, max: 3, noNaN: true }), fc.nat(40), (x, y, zoom, from) => {
        const into = new Uint8Array(size);
        const source = { width: 20, height: 10 };
        const strip: [number, number] = [from, 40];
        paintLayer(into, canvas, {
          pixels: new Uint8Array(size).fill(200),
          matrix: [zoom, 0, x, 0, zoom, y],
          source,
          strip,
        });
        for (let at = 0; at < size; at += 3) {
          const [px, py] = [(at / 3) % canvas.width, Math.floor(at / 3 / canvas.width)];
          const [sx, sy] = [(px - x) / zoom, (py - y) / zoom];
          const well = Math.min(sx, sy, 19 - sx, 9 - sy);
          if (px < from || well < -1e-6) expect(into[at]).toBe(0);
          else if (well > 1e-6) expect(into[at]).toBe(200);
        }
      }),
    );
  });

  test('a telephone has a dark body and a screen that is brighter than the photo it shows', () => {
    const into = new Uint8Array(size).fill(100);
    paintPhone(into, canvas, { pixels: new Uint8Array(size).fill(60), x: 20, y: 15, height: 8 });
    const at = (x: number, y: number) => into[(y * canvas.width + x) * 3] as number;
    expect(at(20, 15)).toBeGreaterThan(80);
    expect(at(20, 5)).toBe(20);
    expect(at(2, 15)).toBe(100);
  });

  test('the wall is grey everywhere, lighter above', () => {
    const wall = new Uint8Array(size);
    paintWall(wall, canvas);
    expect(Math.min(...wall)).toBeGreaterThan(40);
    expect(wall[0]).toBeGreaterThan(wall[size - 120] as number);
  });

  test('light and noise stay within a byte', () => {
    const table = noiseTable(1009, seeded(3));
    const pixels = Uint8Array.from({ length: 3000 }, (_, i) => i % 256);
    for (const light of [0, 0.5, 3]) {
      const lit = Uint8Array.from(pixels);
      expose(lit, light, 0, table, 0);
      for (const [i, value] of lit.entries())
        expect(value).toBe(Math.min(255, Math.floor((pixels[i] as number) * light)));
    }
    const noisy = new Uint8Array(3000).fill(128);
    expose(noisy, 1, 10, table, 5);
    const deviation = Math.sqrt(noisy.reduce((sum, value) => sum + (value - 127.5) ** 2, 0) / noisy.length);
    expect(deviation).toBeGreaterThan(8.5);
    expect(deviation).toBeLessThan(11.5);
  });
});

describe('the verdict', () => {
  const [ada, stranger] = [
    { name: 'Ada', grant: true },
    { name: 'a stranger', grant: false },
  ];
  const told = (change: Partial<DecisionEvent>): DecisionEvent => ({
    type: 'granted',
    person: 'ada',
    name: 'Ada',
    reason: null,
    text: '',
    distance: 0.4,
    frame: 5,
    afterMs: 500,
    box: [90, 90, 20, 20],
    ...change,
  });
  const refused = (reason: string) => told({ type: 'refused', person: null, name: null, reason, afterMs: null });
  const scene = (...expect: { name: string; grant: boolean }[]) =>
    ({
      title: '',
      frames: 10,
      actors: [{ likeness, from: [100, 100, 20], to: [100, 100, 20] }],
      light: [1, 1],
      noise: 0,
      expect,
    }) as const;
  const likeness = { photo: '', centre: [0, 0], height: 20, turn: 0 } as const;

  test.each([
    ['Ada let in as Ada', [ada], [told({})], 'grant', true],
    ['Ada refused', [ada], [refused('nobody')], 'refuse', false],
    ['Ada not seen at all', [ada], [], 'refuse', false],
    ['Ada let in under another name', [ada], [told({ name: 'Grace' })], 'refuse', false],
    ['a person beside Ada let in as Ada', [ada], [told({ box: [200, 90, 20, 20] })], 'grant', false],
    ['Ada refused first and then let in', [ada], [refused('low-quality'), told({})], 'grant', true],
    ['a stranger refused', [stranger], [refused('nobody')], 'refuse', true],
    ['a stranger not seen', [stranger], [], 'refuse', true],
    ['a stranger let in as Ada', [stranger], [told({})], 'grant', false],
  ])('%s', (_what, expected, all, got, well) => {
    const one = scene(...expected);
    const approaches = approachesOf(one, all);
    expect(approaches[0]?.got).toBe(got);
    expect(allWell(approaches, wrongNames({ ...SCRIPT, scenes: [one] }, one, all))).toBe(well);
  });

  test('gives the reason of a refusal, or that no face was found, and how long a grant took', () => {
    expect(approachesOf(scene(ada), [])[0]).toMatchObject({ reason: 'no-face', seconds: null });
    expect(approachesOf(scene(ada), [refused('ambiguous')])[0]).toMatchObject({ reason: 'ambiguous' });
    expect(approachesOf(scene(ada), [told({})])[0]).toMatchObject({ reason: null, seconds: 0.5, distance: 0.4 });
  });

  test('a decision belongs to the scene of its frame', () => {
    const first = SCRIPT.scenes[0]?.frames ?? 0;
    const all = [told({ frame: first - 1 }), told({ frame: first })];
    expect(decisionsIn(SCRIPT, 0, all)).toEqual([all[0]]);
    expect(decisionsIn(SCRIPT, 1, all)).toEqual([all[1]]);
  });
});
