import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADA, GRACE, type Likeness, STRANGER_AT_THE_WALL, STRANGER_ON_THE_STAIRS } from '../../src/demo/people.js';
import { SHAPES, smallEncoder } from '../models/added/small-encoders.js';
import { discard, inStudio, install, notReady, SAMPLES, scratch } from './harness.js';

/** As many folders as a calibration asks for. Few people stand in for them: here it matters that it runs, not what it finds. */
const PEOPLE = 46;
const FACES: readonly Likeness[] = [ADA, GRACE, STRANGER_ON_THE_STAIRS, STRANGER_AT_THE_WALL];
const JOB_MAX = 20;

let root: string;
let work: string;
const at = (...names: string[]) => join(work, ...names);
const person = (i: number) => `p${String(i).padStart(2, '0')}`;

const kaimon = (...args: string[]): Promise<{ code: number; text: string; json: Record<string, unknown> }> =>
  new Promise((resolve) => {
    const given = [join(root, 'dist/cli/main.js'), '--json', '--config', at('k.yaml'), '--state', at('state'), ...args];
    const env = { PATH: process.env['PATH'], HOME: work };
    execFile(process.execPath, given, { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const json = /^[[{]/.test(stdout) ? JSON.parse(stdout) : {};
      resolve({ code: error ? Number(error.code ?? -1) : 0, text: stdout + stderr, json });
    });
  });

beforeAll(async () => {
  if (notReady) return;
  root = scratch();
  work = scratch();
  install(root);
  writeFileSync(at('sface.onnx'), smallEncoder(SHAPES.sface));
  const portraits = Array.from({ length: PEOPLE * 2 }, (_, n) => {
    const [i, shot] = [n >> 1, n & 1];
    const face = FACES[i % FACES.length] as Likeness;
    mkdirSync(at('photos', person(i)), { recursive: true });
    const nth = Math.floor(i / FACES.length);
    const likeness = { ...face, turn: face.turn + shot, height: Math.round(face.height * (1 + nth / 50)) };
    return { likeness, out: at('photos', person(i), `${person(i)}_000${shot + 1}.jpg`) };
  });
  for (let from = 0; from < portraits.length; from += JOB_MAX)
    await inStudio({ job: 'portraits', photos: SAMPLES, portraits: portraits.slice(from, from + JOB_MAX) });
  const lines = [
    '1\t2',
    ...[0, 1].map((i) => `${person(i)}\t1\t2`),
    ...[0, 1].map((i) => `${person(i)}\t1\t${person(i + 1)}\t1`),
  ];
  writeFileSync(at('pairs.txt'), `${lines.join('\n')}\n`);
  writeFileSync(at('k.yaml'), 'encoder: sface\n');
}, 300_000);
afterAll(() => {
  for (const folder of [root, work]) if (folder) discard(folder);
});

describe.skipIf(notReady)(`an encoder that was added${notReady ? ` (${notReady})` : ''}`, () => {
  test('is measured by calibrate and evaluate, and decides from then on', async () => {
    // The configuration may name it before it is there.
    const added = await kaimon('models', 'add', at('sface.onnx'), '--name', 'sface', '--preset', 'sface');
    expect(added.code, added.text).toBe(0);
    const encoder = added.json['encoder'];

    const pairs = await kaimon('evaluate', 'pairs', '--pairs', at('pairs.txt'), '--images', at('photos'));
    expect(pairs, pairs.text).toMatchObject({ code: 0, json: { encoder, images: PEOPLE * 2, detected: PEOPLE * 2 } });

    expect((await kaimon('config', 'check')).text).toMatch(/were not measured/);
    const dry = await kaimon('calibrate', at('photos'), '--dry-run');
    expect(dry, dry.text).toMatchObject({ code: 0, json: { encoder, people: PEOPLE, written: null } });
    expect(existsSync(at('state/calibration.json'))).toBe(false);

    const made = await kaimon('calibrate', at('photos'));
    expect(made.code, made.text).toBe(0);
    expect(JSON.parse(readFileSync(at('state/calibration.json'), 'utf8'))).toMatchObject({ encoder, people: PEOPLE });
    const check = await kaimon('config', 'check');
    expect(check.code, check.text).toBe(0);

    const photo = at('photos', person(0), `${person(0)}_0001.jpg`);
    const enrolled = await kaimon('enroll', 'Ada', photo, '--id', 'ada');
    expect(enrolled.code, enrolled.text).toBe(0);
    const found = await kaimon('identify', photo);
    expect(found, found.text).toMatchObject({ code: 0, json: { person: { id: 'ada' } } });
  }, 600_000);
});
