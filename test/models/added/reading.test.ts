import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { OnnxEncoder } from '../../../src/face/encoder.js';
import { loadOpenCv } from '../../../src/kit/opencv/binding.js';
import { Picture } from '../../../src/kit/opencv/picture.js';
import { readingsToTry } from '../../../src/models/added/add-encoder.js';
import { entryOf } from '../../../src/models/added/entry.js';
import { fitGraph } from '../../../src/models/added/fit-graph.js';
import { inspectGraph } from '../../../src/models/added/inspect-graph.js';
import { type Preset, type ReadingOptions, readingOf, templateOf } from '../../../src/models/added/presets.js';
import { encoderId, findModel, modelSchema } from '../../../src/models/manifest.js';
import { loadManifest } from '../../../src/models/model-files.js';
import { tempFolder } from '../../store/sample.js';
import { COLOURS, projection, SHAPES, type SmallEncoder, smallEncoder } from './small-encoders.js';

beforeAll(loadOpenCv);

function entryFor(model: Uint8Array, preset: Preset, options: ReadingOptions = {}) {
  const reading = readingOf(preset, options);
  return entryOf({
    name: 'brought',
    bytes: model.length,
    sha256: createHash('sha256').update(model).digest('hex'),
    reading,
    fitted: fitGraph(inspectGraph(model), reading),
    command: 'kaimon models add a.onnx --name brought',
    licence: undefined,
    flushed: 0,
  });
}

/** A picture in which every pixel and colour differs from its neighbours. */
function speckled(side: number): Picture {
  const bytes = Buffer.from(
    Uint8Array.from({ length: side * side * 3 }, (_, i) => (Math.imul(i + 7, 2_654_435_761) >>> 8) & 0xff),
  );
  return Picture.fromBytes(bytes, side, side, 3);
}

/** What the network computes, in plain loops, of the picture fed as (byte − mean) × scale with red first. */
function expectedOf(picture: Picture, { size, dimension }: SmallEncoder, mean: number, scale: number): number[] {
  const bytes = picture.bytes();
  const side = size / 16;
  const grid = new Float64Array(256);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      COLOURS.forEach((weight, colour) => {
        const byte = bytes[(y * size + x) * 3 + 2 - colour] as number;
        const at = Math.floor(y / side) * 16 + Math.floor(x / side);
        grid[at] = (grid[at] as number) + ((byte - mean) * scale * weight) / (side * side);
      });
  const edges: number[] = [];
  for (let y = 1; y < 15; y++)
    for (let x = 1; x < 15; x++) {
      let sum = 9 * (grid[y * 16 + x] as number);
      for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1]) sum -= grid[(y + dy) * 16 + x + dx] as number;
      edges.push(sum);
    }
  const rows = projection(dimension);
  const mixed = Array.from({ length: dimension }, (_, row) =>
    edges.reduce((sum, edge, i) => sum + edge * (rows[row * edges.length + i] as number), 0),
  );
  const length = Math.hypot(...mixed);
  return mixed.map((value) => value / length);
}

describe('an encoder of a preset gets its picture as its publisher makes it', () => {
  test.each<[Exclude<Preset, 'custom'>, number, number]>([
    ['sface', 0, 1],
    ['arcface-112', 127.5, 1 / 127.5],
    ['facenet-160', 127.5, 1 / 128],
  ])('%s', async (preset, mean, scale) => {
    const shape = SHAPES[preset];
    const model = smallEncoder(shape);
    const entry = modelSchema.parse(entryFor(model, preset));
    if (entry.role !== 'encoder') throw new Error('no encoder');
    expect(entry.input).toMatchObject({ colour: 'rgb', mean: [mean], scale, layout: shape.layout });
    const file = join(await tempFolder(), 'net.onnx');
    writeFileSync(file, model);
    const { input, template, output } = entry;
    const encoder = await OnnxEncoder.load({ id: 'a@b', file, input, template, ...output, output: output.name });
    const picture = speckled(shape.size);
    const found = await encoder.encode(picture);
    const expected = expectedOf(picture, shape, mean, scale);
    picture.release();
    const cosine = expected.reduce((sum, value, i) => sum + value * (found[i] as number), 0);
    expect(cosine).toBeGreaterThan(0.999_999);
  });

  test('and the points of the face where its publisher has them', () => {
    const { template } = findModel(loadManifest(), 'encoder', 'mobilefacenet');
    expect(templateOf(readingOf('sface', {}))).toEqual(template);
    expect(templateOf({ points: 'arcface', size: 224 }).points[0]).toEqual([76.5892, 103.3926]);
    expect(templateOf({ points: 'openface', size: 96 })).toMatchObject({ fit: 'affine', points: { length: 3 } });
  });
});

test('what the owner says goes before the preset', () => {
  expect(readingOf('facenet-160', { colour: 'bgr', mean: [1, 2, 3] })).toMatchObject({
    colour: 'bgr',
    mean: [1, 2, 3],
    scale: 1 / 128,
    size: 160,
  });
});

describe('the id of an encoder', () => {
  const model = smallEncoder(SHAPES.sface);
  const id = (options: ReadingOptions, bytes = model) => encoderId(entryFor(bytes, 'sface', options));

  test('is the same for the same file that is read in the same way', () => {
    expect(id({})).toBe(id({ scale: 1 }));
    expect(id({})).toMatch(/^brought@[0-9a-f]{12}$/);
  });

  test.each<[string, ReadingOptions]>([
    ['colours', { colour: 'bgr' }],
    ['scale', { scale: 0.5 }],
    ['mean', { mean: [1] }],
    ['points', { points: 'openface' }],
  ])('is another one for the same file with other %s: their templates are never compared', (_what, options) => {
    expect(id(options)).not.toBe(id({}));
  });

  test('is another one for another file', () => {
    const other = smallEncoder({ ...SHAPES.sface, scalesItself: false });
    expect(id({}, other)).not.toBe(id({}));
  });
});

describe('the readings that a network is compared with', () => {
  test.each<[string, Preset, ReadingOptions, readonly RegExp[]]>([
    ['bytes', 'sface', {}, [/--colour bgr/, /from 0 to 1/, /from -1 to 1/]],
    ['numbers from -1 to 1', 'arcface-112', {}, [/--colour bgr/, /bytes as they are/, /from 0 to 1/]],
    ['the same divided by 128', 'facenet-160', {}, [/--colour bgr/, /bytes as they are/, /from 0 to 1/]],
    [
      'something else',
      'sface',
      { mean: [123.7, 116.3, 103.5], scale: 1 / 58 },
      [/--colour bgr/, /bytes/, /0 to 1/, /-1 to 1/],
    ],
  ])('fed with %s are the common others', (_what, preset, options, expected) => {
    const [own, ...others] = readingsToTry(readingOf(preset, options), 'nchw');
    expect(own?.[0]).toBe('as given');
    expect(others.map(([name]) => name)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});
