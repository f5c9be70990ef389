import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expose, LAMP, noiseTable, paintWall } from '../../src/demo/compositor.js';
import type { Likeness } from '../../src/demo/people.js';
import { toPhoto } from '../../src/demo/sample-photos.js';
import { filmLength, SCRIPT, sceneAt, standing } from '../../src/demo/script.js';
import { shortScript } from '../../src/demo/short-film.js';
import { allWell, approachesOf, type DecisionEvent, decisionsIn, wrongNames } from '../../src/demo/verdict.js';
import { seeded } from '../../src/kit/seeded-random.js';
import { applyAffine } from '../face/affine.js';

describe('the script of the demo', () => {
  test('every frame belongs to one scene, scenes come in order, each from its begin to its end', () => {
    const scenes = Array.from({ length: filmLength(SCRIPT) }, (_, frame) => sceneAt(SCRIPT, frame));
    expect(scenes[0]).toMatchObject({ index: 0, share: 0 });
    for (const [i, { index, share, second, scene }] of scenes.entries()) {
      expect(scene).toBe(SCRIPT.scenes[index]);
      expect(second).toBeCloseTo((share * (scene.frames - 1)) / SCRIPT.fps, 9);
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

  test('a face begins and ends where the script says, and grows as somebody who comes nearer', () => {
    for (const actor of actors) {
      expect(standing(actor, 0)).toEqual({ x: actor.from[0], y: actor.from[1], height: actor.from[2] });
      const end = standing(actor, 1);
      expect(Math.hypot(end.x - actor.to[0], end.y - actor.to[1])).toBeLessThan(1e-6);
      expect(end.height).toBe(actor.to[2]);
      expect(actor.to[2]).toBeGreaterThan(actor.from[2]);
    }
  });

  test('the face of a photo is found upright, as large as it is there', () => {
    const likeness = fc.constantFrom(...actors).map((actor): Likeness => actor.likeness);
    fc.assert(
      fc.property(likeness, fc.double({ min: 0.1, max: 1, noNaN: true }), (one, scale) => {
        const matrix = toPhoto(one, scale);
        const middle = applyAffine(matrix, [0, 0]);
        const chin = applyAffine(matrix, [0, 0.5]);
        expect(middle).toEqual([one.centre[0] * scale, one.centre[1] * scale]);
        expect(Math.hypot(chin[0] - middle[0], chin[1] - middle[1])).toBeCloseTo((one.height * scale) / 2, 6);
        // A head that leans clockwise on the photo has its chin to the left of its middle.
        expect(middle[0] - chin[0]).toBeCloseTo(((one.height * scale) / 2) * Math.sin((one.turn * Math.PI) / 180), 6);
      }),
    );
  });

  test('shows people, paper and a telephone', () => {
    expect(new Set(actors.map(({ as = 'person' }) => as))).toEqual(new Set(['person', 'print', 'phone']));
  });

  test('every face is in the picture all the time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...actors), share, (actor, at) => {
        const { x, y, height } = standing(actor, at);
        expect(Math.min(x, y, SCRIPT.width - x, SCRIPT.height - y)).toBeGreaterThan(height / 2);
      }),
    );
  });
});

describe('the pictures of the film', () => {
  const canvas = { width: 40, height: 30 };
  const size = 40 * 30 * 3;

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
      expose(lit, [light, light, light], 0, table, 0);
      for (const [i, value] of lit.entries())
        expect(value).toBe(Math.min(255, Math.floor((pixels[i] as number) * light)));
    }
    const noisy = new Uint8Array(3000).fill(128);
    expose(noisy, [1, 1, 1], 10, table, 5);
    const warm = new Uint8Array(300).fill(100);
    expose(warm, LAMP, 0, table, 0);
    expect([...warm.slice(297)]).toEqual(LAMP.map((share) => Math.floor(100 * share)));
    const deviation = Math.sqrt(noisy.reduce((sum, value) => sum + (value - 127.5) ** 2, 0) / noisy.length);
    expect(deviation).toBeGreaterThan(8.5);
    expect(deviation).toBeLessThan(11.5);
  });
});

describe('a short film for tests', () => {
  test('one person comes, with empty frames before and after', () => {
    const { scenes } = shortScript({ role: 'ada', as: 'print', frames: 30, empty: 5 });
    expect(scenes.map(({ frames, actors }) => [frames, actors.map(({ as }) => as)])).toEqual([
      [5, []],
      [30, ['print']],
      [5, []],
    ]);
  });

  test('without empty frames there is one scene', () => {
    expect(shortScript({ role: 'grace', as: 'person', frames: 30, empty: 0 }).scenes).toHaveLength(1);
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
