import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Graph } from '../../src/models/onnx/graph.js';
import { SHAPES, smallEncoder } from '../models/added/small-encoders.js';
import { discard, install, notReady, SAMPLES, scratch } from './harness.js';

/** An installation of its own: what is added must not come into this checkout. */
let root: string;
let work: string;
const at = (name: string) => join(work, name);

interface Outcome {
  readonly code: number;
  readonly text: string;
  readonly json: {
    readonly [field: string]: unknown;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

const kaimon = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const given = [join(root, 'dist/cli/main.js'), '--state', at('state'), ...args];
    // As of the environment nothing is taken: a variable of this machine would be a setting.
    const env = { PATH: process.env['PATH'], HOME: work };
    execFile(process.execPath, given, { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0;
      const json = /^[[{]/.test(stdout) ? JSON.parse(stdout) : {};
      resolve({ code, text: stdout + stderr, json });
    });
  });
const add = (file: string, name: string, preset: string, ...more: string[]) =>
  kaimon('--json', 'models', 'add', at(file), '--name', name, '--preset', preset, ...more);

/** What lies in the release's own folder, and what lies with the state. */
const inModels = () => [
  ...readdirSync(join(root, 'models')),
  ...(existsSync(at('state/models')) ? readdirSync(at('state/models')).map((name) => `state/${name}`) : []),
];
/** Another release with the same state. */
function upgrade(): void {
  const next = scratch();
  install(next);
  discard(root);
  root = next;
}
const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

beforeAll(() => {
  if (notReady) return;
  root = scratch();
  work = scratch();
  install(root);
  writeFileSync(at('sface.onnx'), smallEncoder(SHAPES.sface));
  writeFileSync(at('uses-sface.yaml'), 'encoder: sface\n');
  writeFileSync(at('by-hand.yaml'), 'encoder: sface\ndecision: { threshold: 0.8 }\n');
});
afterAll(() => {
  for (const folder of [root, work]) if (folder) discard(folder);
});

describe.skipIf(notReady)(`an encoder that the owner brings${notReady ? ` (${notReady})` : ''}`, () => {
  test.each<[string, () => Promise<Outcome>, number, string, RegExp]>([
    ['is not there', () => add('nothing.onnx', 'a', 'sface'), 3, 'KAIMON_ENCODER_FILE', /cannot read .*nothing\.onnx/],
    [
      'is another file than was published',
      () => add('sface.onnx', 'a', 'sface', '--sha256', 'a'.repeat(64)),
      3,
      'KAIMON_ENCODER_FILE',
      /has the sha256 [0-9a-f]{64}, a{64} was asked for/,
    ],
    [
      'is of another preset',
      () => add('sface.onnx', 'a', 'facenet-160'),
      3,
      'KAIMON_ENCODER_GRAPH',
      /\[1, 3, 112, 112\].*160/,
    ],
    [
      'takes the name of a network of the release',
      () => add('sface.onnx', 'mobilefacenet', 'sface'),
      2,
      'KAIMON_MODEL_NAME',
      /is a network of the release/,
    ],
    [
      'takes the name of the release’s own file',
      () => add('sface.onnx', 'manifest', 'sface'),
      2,
      'KAIMON_MODEL_NAME',
      /kept for Kaimon itself/,
    ],
    ['has a name that is a path', () => add('sface.onnx', '../a', 'sface'), 2, 'KAIMON_MODEL_NAME', /cannot be a name/],
  ])('and which %s is refused, and nothing is added', async (_what, attempt, code, error, message) => {
    const before = inModels();
    const refused = await attempt();
    expect(refused).toMatchObject({ code, json: { error: { code: error, message: expect.stringMatching(message) } } });
    expect(inModels()).toEqual(before);
  });

  test('and which ONNX Runtime cannot load, in the process that tries it, is refused, and nothing is added', async () => {
    const before = inModels();
    const graph = new Graph({ name: 'unknown', metadata: {} });
    graph.output(graph.node('NoSuchOperator', 'fc1', [graph.input('data', [1, 3, 112, 112])]), [1, 128]);
    writeFileSync(at('unknown.onnx'), graph.encode());
    const { code, json } = await add('unknown.onnx', 'a', 'sface');
    expect({ code, error: json.error?.code }).toEqual({ code: 3, error: 'KAIMON_ENCODER_TRIAL' });
    expect(json.error?.message).toMatch(/ONNX Runtime cannot load it .*NoSuchOperator.*nothing was added/);
    expect(inModels()).toEqual(before);
  }, 120_000);

  test('is tried on the sample photos, added, known to every command, and removed again', async () => {
    const before = inModels();
    const sha256 = digest(at('sface.onnx'));
    const added = await add('sface.onnx', 'sface', 'sface', '--sha256', sha256, '--licence', 'Apache-2.0');
    expect(added, added.text).toMatchObject({
      code: 0,
      json: { sha256, thresholds: null, doubt: null, smallWeights: 0 },
    });
    const figures = added.json['figures'] as { faces: number; repeat: number; strangers: { median: number } };
    expect(figures.faces).toBeGreaterThan(10);
    expect(figures.repeat).toBe(0);
    expect(figures.strangers.median).toBeGreaterThan(0.7);
    const file = `sface-${sha256.slice(0, 12)}.onnx`;
    expect(inModels()).toEqual([...before, `state/${file}`, 'state/sface.json']);

    // Not the release's own folder holds it: the next release has it, too.
    upgrade();
    expect((await kaimon('models', 'list')).text).toMatch(/^sface {2}encoder[\s\S]*licence {2}Apache-2\.0/m);
    expect((await kaimon('models', 'verify')).text).toMatch(/^ok {7}sface {2}\(added in .*\/state\/models\)$/m);

    // Without measured thresholds it decides nothing: config check, doctor and a gate say so in the same words.
    const uses = at('uses-sface.yaml');
    const unmeasured =
      /error rates of the encoder sface@[0-9a-f]{12} were not measured.*kaimon calibrate DIR.*decision\.threshold/;
    expect((await kaimon('--config', uses, 'config', 'check')).text).toMatch(unmeasured);
    expect((await kaimon('--config', at('by-hand.yaml'), 'config', 'check')).code).toBe(0);

    // The eye measures faces with it.
    const seen = await kaimon('--json', '--config', uses, 'embed', join(SAMPLES, 'sample1.jpg'));
    const [photo] = seen.json as unknown as [{ faces: [{ encoder: string; embedding: number[] }] }];
    const [face] = photo.faces;
    expect(face.encoder).toBe(added.json['encoder']);
    expect(face.embedding).toHaveLength(128);
    expect(Math.hypot(...face.embedding)).toBeCloseTo(1, 5);

    // Another reading of the same file is another encoder: not without being asked for, and not under the configuration's feet.
    const other = await add('sface.onnx', 'sface', 'sface', '--colour', 'bgr');
    expect(other).toMatchObject({
      code: 2,
      json: { error: { message: expect.stringMatching(/is there already.*--replace/) } },
    });
    const inUse = await add('sface.onnx', 'sface', 'sface', '--colour', 'bgr', '--replace', '--config', uses);
    expect(inUse).toMatchObject({
      code: 2,
      json: { error: { message: expect.stringMatching(/is the encoder of the configuration/) } },
    });
    const kept = await kaimon('--config', uses, 'models', 'remove', 'sface');
    expect(kept).toMatchObject({ code: 2, text: expect.stringMatching(/is the encoder of the configuration/) });
    expect((await kaimon('models', 'remove', 'openface')).code).toBe(2);

    // A file that somebody changed is told by its digest, with the command that brings it again.
    writeFileSync(at(`state/models/${file}`), 'changed');
    const wrong = await kaimon('models', 'verify');
    expect(wrong).toMatchObject({
      code: 4,
      text: expect.stringMatching(/bring it again \("kaimon models add sface\.onnx --name sface --preset sface"\)/),
    });

    // Links lead out of the folder that an eye sees.
    rmSync(at(`state/models/${file}`));
    symlinkSync(at('sface.onnx'), at(`state/models/${file}`));
    expect((await kaimon('models', 'verify')).text).toMatch(/it is a link/);

    expect((await kaimon('models', 'remove', 'sface')).code).toBe(0);
    expect(inModels()).toEqual(before);
    expect((await kaimon('--config', uses, 'config', 'check')).text).toMatch(/no model "sface"/);
  }, 900_000);
});
