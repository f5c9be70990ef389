import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type EncoderSpec, normalise, OnnxEncoder } from '../../src/face/encoder.js';
import { findCascade, HaarProposer } from '../../src/face/haar.js';
import { fillTensor, Network } from '../../src/face/network.js';
import type { NetworkInput } from '../../src/face/network-input.js';
import { explain, OperatingError } from '../../src/kit/errors.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { Picture } from '../../src/kit/opencv/picture.js';
import { Graph } from '../../src/models/onnx/graph.js';
import { tempFolder } from '../store/sample.js';

const input = (change: Partial<NetworkInput>): NetworkInput => ({
  width: 2,
  height: 1,
  colour: 'rgb',
  mean: [0],
  scale: 1,
  ...change,
});
/** Two pixels: blue 1, green 2, red 3; blue 4, green 5, red 6. */
const PIXELS = Uint8Array.from([1, 2, 3, 4, 5, 6]);

describe('the input of a network', () => {
  test.each([
    ['red first', input({}), PIXELS, 3, [3, 6, 2, 5, 1, 4]],
    ['blue first', input({ colour: 'bgr' }), PIXELS, 3, [1, 4, 2, 5, 3, 6]],
    ['grey', input({ colour: 'grey' }), Uint8Array.from([7, 9]), 1, [7, 9]],
    ['scaled', input({ mean: [1], scale: 10 }), PIXELS, 3, [20, 50, 10, 40, 0, 30]],
    ['the colours of a pixel together', input({ layout: 'nhwc' }), PIXELS, 3, [3, 2, 1, 6, 5, 4]],
    ['the same with blue first', input({ layout: 'nhwc', colour: 'bgr' }), PIXELS, 3, [1, 2, 3, 4, 5, 6]],
    ['a mean for each channel of a pixel', input({ layout: 'nhwc', mean: [3, 2, 1] }), PIXELS, 3, [0, 0, 0, 3, 3, 3]],
    ['a mean for each channel', input({ mean: [3, 2, 1] }), PIXELS, 3, [0, 3, 0, 3, 0, 3]],
  ] as const)('%s', (_how, spec, bytes, channels, expected) => {
    const values = new Float32Array(expected.length);
    fillTensor(bytes, channels, spec, values);
    expect([...values]).toEqual([...expected]);
  });

  test.each([
    ['too few bytes', PIXELS.subarray(1), 3, input({}), 6],
    ['grey where colour is needed', PIXELS.subarray(0, 2), 1, input({}), 6],
    ['colour where grey is needed', PIXELS, 3, input({ colour: 'grey' }), 2],
    ['a buffer of another network', PIXELS, 3, input({}), 7],
  ] as const)('%s is refused', (_what, bytes, channels, spec, size) => {
    expect(() => fillTensor(bytes, channels, spec, new Float32Array(size))).toThrow(RangeError);
  });

  test('of several outputs only the named one is computed; an unknown name is told with those that there are', async () => {
    await loadOpenCv();
    const graph = new Graph({ name: 'two', metadata: {} });
    const x = graph.input('x', [1, 3, 1, 2]);
    graph.output(graph.node('Identity', 'first', [x]), [1, 3, 1, 2]);
    graph.output(graph.node('Neg', 'second', [x]), [1, 3, 1, 2]);
    const file = join(await tempFolder(), 'net.onnx');
    writeFileSync(file, graph.encode());
    const picture = Picture.fromBytes(Buffer.from(PIXELS), 2, 1, 3);
    const only = await (await Network.load(file, input({}), { output: 'second' })).run(picture);
    picture.release();
    expect(only.map((numbers) => [...numbers])).toEqual([[-3, -6, -2, -5, -1, -4]]);
    const unknown = await Network.load(file, input({}), { output: 'third' }).catch((thrown: unknown) =>
      explain(thrown),
    );
    expect(unknown).toMatch(/no output third, only first, second/);
  });

  test('a file that is not the one that was checked is refused, also for an encoder', async () => {
    const graph = new Graph({ name: 'one', metadata: {} });
    graph.output(graph.node('Neg', 'y', [graph.input('x', [1, 3, 1, 2])]), [1, 3, 1, 2]);
    const file = join(await tempFolder(), 'net.onnx');
    writeFileSync(file, graph.encode());
    const sha256 = createHash('sha256').update(graph.encode()).digest('hex');
    await expect(Network.load(file, input({}), { sha256 })).resolves.toBeInstanceOf(Network);
    const template = { size: 8, fit: 'similarity' as const, points: [] };
    const spec: EncoderSpec = { id: 'a@0123456789ab', file, sha256, input: input({}), template, dimension: 6 };
    await expect(OnnxEncoder.load(spec)).resolves.toBeInstanceOf(OnnxEncoder);
    writeFileSync(file, Buffer.concat([graph.encode(), Buffer.from([0x7a, 0])]));
    const refused = OnnxEncoder.load(spec).catch((thrown: unknown) => explain(thrown));
    expect(await refused).toMatch(/it is not the file that was checked at the start: sha256 [0-9a-f]{64}, expected/);
  });

  test.each(['missing', 'rubbish'])('a %s network file is reported with what to do', async (what) => {
    const file = join(await tempFolder(), 'net.onnx');
    if (what === 'rubbish') writeFileSync(file, 'no network');
    const loading = Network.load(file, input({}));
    await expect(loading).rejects.toThrow(OperatingError);
    await expect(loading).rejects.toThrow('run "kaimon models verify"');
    const spec: EncoderSpec = {
      id: 'a@0123456789ab',
      file,
      input: input({}),
      template: { size: 8, fit: 'similarity', points: [] },
      dimension: 4,
    };
    await expect(OnnxEncoder.load(spec)).rejects.toThrow(OperatingError);
  });
});

describe('an embedding', () => {
  test('has unit length', () => {
    expect([...normalise(Float32Array.from([3, 4]))].map((value) => value.toFixed(3))).toEqual(['0.600', '0.800']);
  });

  test.each([
    ['zeros', [0, 0]],
    ['NaN', [Number.NaN, 1]],
    ['infinity', [Number.POSITIVE_INFINITY, 1]],
    ['numbers beyond float32', [3e38, 3e38, 3e38].map((value) => value * 10)],
  ])('of %s is refused: it would match every person', (_what, numbers) => {
    expect(() => normalise(Float32Array.from(numbers))).toThrow(RangeError);
  });
});

describe('the cascade', () => {
  test('is found where the distribution keeps it, otherwise the error lists the places', () => {
    try {
      expect(findCascade()).toMatch(/haarcascade_frontalface_default\.xml$/);
    } catch (thrown) {
      expect(String(thrown)).toContain('install the package opencv-data');
    }
  });

  test('a configured file that is not there is named', () => {
    const options = { cascade: '/nowhere.xml', width: 320, scaleFactor: 1.1, minNeighbors: 1, minSizePx: 60 };
    expect(() => new HaarProposer(options)).toThrow('/nowhere.xml');
  });
});
