import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { modelsCommand } from '../../src/cli/models.js';
import { OnnxEncoder } from '../../src/face/encoder.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { encoderId, findModel } from '../../src/models/manifest.js';
import { loadManifest, modelPath, projectRoot } from '../../src/models/model-files.js';
import { int, ints } from '../../src/models/onnx/attribute.js';
import { Graph } from '../../src/models/onnx/graph.js';
import { assertEmbeds } from '../../src/models/openface/cmu-check.js';
import { readPins } from '../../src/models/openface/cmu-pins.js';
import { DIMENSION, SIDE } from '../../src/models/openface/topology.js';
import { gradient } from '../kit/opencv/pictures.js';
import { folderOf, madeUp, pinsOf } from './openface-cmu-files.js';
import { manifestOf, sha256 } from './packages.js';

/** All 226 files in their true shapes with numbers made up, and the pins of those. */
const shapes = Object.entries(readPins(projectRoot()).arrays).map(([file, { shape }]) => ({ file, shape }));
const files = Object.fromEntries(shapes.map(({ file, shape }) => [file, { text: madeUp(file, shape), shape }]));
const pins = pinsOf(files);
const release = manifestOf([findModel(loadManifest(), 'landmarks')]);

let weights: string;
beforeAll(async () => {
  weights = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
  await folderOf(weights, Object.fromEntries(Object.entries(files).map(([file, { text }]) => [file, text])));
});
afterAll(() => rm(weights, { recursive: true, force: true }));

let root: string;
let said = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
  // What is added must not come to whoever runs the tests.
  vi.stubEnv('KAIMON_STATE', join(root, 'state'));
  await mkdir(join(root, 'models/openface-cmu'), { recursive: true });
  await writeFile(join(root, 'models/manifest.json'), JSON.stringify(release));
  await writeFile(join(root, 'models/openface-cmu/arrays.json'), JSON.stringify(pins));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  await rm(root, { recursive: true, force: true });
});

async function kaimonModels(...args: readonly string[]): Promise<string> {
  said = '';
  await modelsCommand(root).parseAsync([...args], { from: 'user' });
  return said;
}
const fetched = (from: string, ...more: string[]) => kaimonModels('fetch', 'openface-cmu', '--from', from, ...more);

const networks = () => join(root, 'state/models');
const entryFile = () => join(networks(), 'openface-cmu.json');
const modelFile = () => join(networks(), 'openface-cmu.onnx');

test('the release pins the 226 files of the original: 3,743,280 numbers and two stray copies of 96', () => {
  const counts = shapes.map(({ shape }) => shape.reduce((product, side) => product * side, 1));
  expect(counts).toHaveLength(226);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3_743_280 + 2 * 96);
});

/** The encoder that was added gives 128 numbers of unit length for an aligned face. */
async function expectEmbedding(): Promise<void> {
  await loadOpenCv();
  const entry = findModel(loadManifest(root, networks()), 'encoder', 'openface-cmu');
  const { template, input, output } = entry;
  expect(template).toMatchObject({ size: 96, fit: 'affine' });
  const spec = { id: encoderId(entry), file: modelPath(entry, root), input, template, dimension: output.dimension };
  const encoder = await OnnxEncoder.load(spec);
  const picture = gradient(SIDE, SIDE);
  const embedding = await encoder.encode(picture);
  picture.release();
  expect(embedding).toHaveLength(DIMENSION);
  expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
}

describe('"models fetch openface-cmu"', () => {
  test('makes an encoder and its entry; "list" and "verify" show it; doing it again gives the same bytes', async () => {
    const text = await fetched(weights);
    const digest = sha256(await readFile(modelFile()));
    expect(text).toContain(`made ${modelFile()} (15.1 MB, sha256 ${digest})`);
    expect(text).toContain('set "encoder: openface-cmu" in the configuration');
    expect(text).toContain('its error rates were not measured');
    expect(await kaimonModels('list')).toMatch(/^openface-cmu {2}encoder {2}15\.1 MB$/m);
    expect(await kaimonModels('list')).toContain('Apache-2.0, Copyright 2015-2020 Carnegie Mellon University');
    expect(await kaimonModels('verify')).toMatch(/^ok {7}openface-cmu {2}\(added in /m);
    const again = JSON.parse(await fetched(weights, '--json'));
    expect(again).toEqual({
      name: 'openface-cmu',
      encoder: `openface-cmu@${digest.slice(0, 12)}`,
      file: 'openface-cmu.onnx',
      bytes: (await readFile(modelFile())).length,
      sha256: digest,
      thresholds: null,
    });
    // The daemon runs under another user.
    for (const file of [modelFile(), entryFile()]) expect((await stat(file)).mode & 0o777).toBe(0o644);
    await expectEmbedding();
  });

  test('one number changed in one file: nothing is written and what was there stays', async () => {
    await mkdir(networks(), { recursive: true });
    await writeFile(modelFile(), 'the network of before');
    const other = join(root, 'weights');
    await cp(weights, other, { recursive: true });
    await writeFile(join(other, 'dense_b.csv'), (files['dense_b.csv']?.text ?? '').replace('0.01', '0.02'));
    await expect(fetched(other)).rejects.toMatchObject({ code: 'KAIMON_OPENFACE_FILES', trouble: 'input' });
    expect(await readFile(modelFile(), 'utf8')).toBe('the network of before');
    expect(await readdir(networks())).toEqual(['openface-cmu.onnx']);
    expect((await readdir(join(root, 'models'))).sort()).toEqual(['manifest.json', 'openface-cmu']);
  });

  test('an installation whose list of pins is damaged says so', async () => {
    await writeFile(join(root, 'models/openface-cmu/arrays.json'), '{}');
    await expect(fetched(weights)).rejects.toMatchObject({ code: 'KAIMON_MODEL_MANIFEST' });
  });
});

describe('a network that was just made is tried before it is written', () => {
  /** The mean of each colour over the first four pixels, times a matrix, plus a bias; of unit length. */
  const made = (factor: number, bias: number) => {
    const graph = new Graph({ name: 'tiny', metadata: {} });
    let x = graph.input('input', [1, 3, SIDE, SIDE]);
    x = graph.node('AveragePool', 'mean', [x], { kernel_shape: ints(1, 4), strides: ints(SIDE, SIDE) });
    x = graph.node('Flatten', 'flat', [x]);
    const matrix = Float32Array.from({ length: DIMENSION * 3 }, (_, i) => factor * Math.sin(i));
    const weights = graph.constant('w', [DIMENSION, 3], matrix);
    x = graph.node(
      'Gemm',
      'dense',
      [x, weights, graph.constant('b', [DIMENSION], new Float32Array(DIMENSION).fill(bias))],
      {
        transB: int(1),
      },
    );
    graph.output(graph.node('LpNormalization', 'embedding', [x], { axis: int(1), p: int(2) }), [1, DIMENSION]);
    return graph.encode();
  };

  test('one that works passes', () => expect(assertEmbeds(made(1, 1))).resolves.toBeUndefined());

  test.each([
    ['gives no numbers', made(1, Number.NaN), 'length NaN'],
    ['gives nothing but zeros', made(0, 0), 'its numbers have the length'],
    ['ignores the picture', made(0, 1), 'two different pictures gave the same numbers'],
    ['is not a network', Buffer.from('no network'), 'does not work on this machine'],
  ])('one that %s is refused', async (_what, network, message) => {
    const tried = assertEmbeds(network);
    await expect(tried).rejects.toMatchObject({ code: 'KAIMON_OPENFACE_CHECK', trouble: 'environment' });
    await expect(tried).rejects.toThrow(message);
  });
});
