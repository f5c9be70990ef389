import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discard, FACES, kaimon, notReady, portrait, scratch } from '../scenario/harness.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const evaluate = async (...args: string[]) => {
  const { code, stdout } = await kaimon('--json', '--state', at('state'), 'evaluate', ...args, '--workers', '1');
  return { code, json: stdout ? JSON.parse(stdout) : undefined };
};

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  const photos = [
    ['ada_0001', FACES.ada],
    ['ada_0002', FACES.ada],
    ['grace_0001', FACES.grace],
    ['stranger_0001', FACES.stranger],
  ] as const;
  for (const [name, face] of photos) {
    mkdirSync(at('set', name.slice(0, -5)), { recursive: true });
    await portrait(at('set', name.slice(0, -5), `${name}.jpg`), face);
  }
  mkdirSync(at('nobody', 'ada'), { recursive: true });
  writeFileSync(at('pairs.txt'), '1\t1\nada\t1\t2\nada\t1\tgrace\t1\n');
  writeFileSync(at('in-the-way'), '');
}, 120_000);

afterAll(() => folder && discard(folder));

describe.skipIf(notReady)(`kaimon evaluate${notReady ? ` (${notReady})` : ''}`, () => {
  test('identify gives both errors with intervals, draws its charts, and gives the same figures when repeated', async () => {
    const run = () =>
      evaluate('identify', at('set'), '--gallery-size', '1', '--draws', '3', '--plot', at('charts', 'new'));
    const { code, json } = await run();
    expect(code).toBe(0);
    expect(json).toMatchObject({
      encoder: expect.stringMatching(/^[a-z0-9-]+@[0-9a-f]{12}$/),
      people: 3,
      images: 4,
      gallerySize: 1,
      draws: 3,
      targetFpir: 0.003,
      margin: 0.1,
      tooLarge: false,
      fpir: { rate: 0, low: 0, n: 6 },
      fnir: { rate: 0, low: 0, n: 3 },
      misidentified: { rate: 0, n: 3 },
      missed: { noFace: 0, nobody: 0, ambiguous: 0, misidentified: 0 },
      failedToEnrol: 0,
    });
    expect(json.threshold).toBeGreaterThan(0);
    expect(readdirSync(at('charts', 'new')).sort()).toEqual(['det-identification.svg', 'distances.svg']);
    const first = readFileSync(at('charts', 'new', 'distances.svg'), 'utf8');
    expect((await run()).json).toEqual(json);
    expect(readFileSync(at('charts', 'new', 'distances.svg'), 'utf8')).toBe(first);
  });

  test('pairs gives thresholds with intervals in the form of the manifest, and its charts', async () => {
    const args = ['pairs', '--pairs', at('pairs.txt'), '--images', at('set'), '--plot', at('charts')];
    const { code, json } = await evaluate(...args);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      images: 4,
      detected: 4,
      folds: { n: 1, accuracy: 1 },
      all: { genuine: 1, impostor: 5 },
    });
    for (const rate of ['1e-2', '1e-3', '1e-4', '1e-5'])
      expect(Object.keys(json.all.tar[rate])).toEqual(['threshold', 'tar', 'low', 'high']);
    expect(readFileSync(at('charts', 'det.svg'), 'utf8')).toContain(json.encoder);
    expect(readFileSync(at('charts', 'distances.svg'), 'utf8')).toContain(json.encoder);
  });

  test.each<[string, () => string[], number, string, string]>([
    [
      'a gallery larger than the set allows',
      () => [at('set'), '--gallery-size', '2'],
      2,
      'KAIMON_GALLERY_SIZE',
      'with 3 people, 1 of whom have two or more photos: 1 to 1 are allowed',
    ],
    ['a gallery of no people', () => [at('set'), '--gallery-size', '0'], 2, 'KAIMON_USAGE', 'from 1 to'],
    ['no gallery size', () => [at('set')], 2, 'KAIMON_USAGE', '--gallery-size'],
    [
      'a target that is not between 0 and 1',
      () => [at('set'), '--gallery-size', '1', '--target-fpir', '3'],
      2,
      'KAIMON_USAGE',
      'from 0.000001 to 0.5',
    ],
    ['a folder without photos', () => [at('nobody'), '--gallery-size', '1'], 3, 'KAIMON_IMAGES', '0 photos'],
    ['a missing folder', () => [at('missing'), '--gallery-size', '1'], 3, 'KAIMON_IMAGES', 'missing'],
    [
      'a folder for charts that cannot be made',
      () => [at('set'), '--gallery-size', '1', '--plot', at('in-the-way')],
      4,
      'KAIMON_FILE_WRITE',
      'in-the-way',
    ],
  ])('identify says what is wrong and what is allowed: %s', async (_what, args, exit, code, text) => {
    const answer = await evaluate('identify', ...args());
    expect(answer.code).toBe(exit);
    expect(answer.json.error.code).toBe(code);
    expect(answer.json.error.message).toContain(text);
  });
});
