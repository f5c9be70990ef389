import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { decodePhoto } from '../../src/kit/opencv/codec.js';
import { exportOpenFace, toHalf } from '../../src/models/openface/export.js';
import { foldBatchNorm, type NamedArray } from '../../src/models/openface/weights.js';

/** 221 of CMU's 226 arrays and the filler rule for the others; see the README there. */
const folder = fileURLToPath(new URL('../../../shared/data/openface-csv/', import.meta.url));
const here = existsSync(`${folder}index.json`);
const why = here ? '' : ' (../shared is absent)';

const entry = z.object({ file: z.string(), n: z.int(), shape: z.array(z.int()) });
const indexSchema = z.object({
  files: z.array(entry.extend({ offset: z.int() })),
  missing: z.array(entry.extend({ fan_in: z.int() })),
});
const referenceSchema = z.object({ crop: z.string(), embedding: z.array(z.number()).length(128) });

function arrays(): Map<string, NamedArray> {
  const index = indexSchema.parse(JSON.parse(readFileSync(`${folder}index.json`, 'utf8')));
  const bytes = readFileSync(`${folder}weights.f32`);
  const named = (file: string) => file.replace(/\.csv$/, '');
  const present = index.files.map(({ file, n, shape, offset }): [string, NamedArray] => [
    named(file),
    { shape, data: Float32Array.from({ length: n }, (_, i) => bytes.readFloatLE(offset + 4 * i)) },
  ]);
  const filled = index.missing.map(({ file, n, shape, fan_in }): [string, NamedArray] => [
    named(file),
    { shape, data: Float64Array.from({ length: n }, (_, i) => Math.sqrt(2 / fan_in) * Math.sin(0.731 * i + 0.5)) },
  ]);
  return new Map([...present, ...filled]);
}

async function embed(model: Uint8Array, inputs: readonly Float32Array[]): Promise<Float32Array[]> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const results: Float32Array[] = [];
  for (const input of inputs) {
    const { embedding } = await session.run({ input: new Tensor('float32', input, [1, 3, 96, 96]) });
    results.push(embedding?.data as Float32Array);
  }
  return results;
}

async function references(): Promise<{ input: Float32Array; embedding: readonly number[] }[]> {
  await loadOpenCv();
  const lines = readFileSync(`${folder}reference.jsonl`, 'utf8').trim().split('\n');
  const rows = lines.map((line) => referenceSchema.parse(JSON.parse(line))).filter(({ crop }) => crop.endsWith('.png'));
  return Promise.all(
    rows.map(async ({ crop, embedding }) => {
      const { picture } = await decodePhoto(readFileSync(`${folder}${crop}`));
      const bgr = picture.bytes();
      picture.release();
      const input = Float32Array.from(
        { length: 3 * 96 * 96 },
        (_, i) => (bgr[(i % 9216) * 3 + 2 - Math.floor(i / 9216)] as number) / 255,
      );
      return { input, embedding };
    }),
  );
}

const worst = (found: readonly Float32Array[], wanted: readonly (readonly number[])[]) =>
  Math.max(
    ...found.flatMap((vector, row) => [...vector].map((value, i) => Math.abs(value - (wanted[row]?.[i] as number)))),
  );

describe.skipIf(!here)(`nn4.small2 with CMU's arrays${why}`, () => {
  test.each([
    ['float32', 'decomposed', 1e-6],
    ['float32', 'operators', 1e-6],
    ['float16', 'decomposed', 1e-4],
  ] as const)('%s weights, %s: the reference embeddings within %d', async (storage, style, limit) => {
    const rows = await references();
    expect(rows).toHaveLength(3);
    const model = exportOpenFace(arrays(), { storage, style, metadata: {} });
    const found = await embed(
      model,
      rows.map(({ input }) => input),
    );
    expect(
      worst(
        found,
        rows.map(({ embedding }) => embedding),
      ),
    ).toBeLessThan(limit);
  });

  test('with its mirror image: the mean of the two embeddings, whichever way round the picture comes', async () => {
    const [row] = await references();
    const { input } = row as NonNullable<typeof row>;
    const mirrored = input.map((_, i) => input[i - (i % 96) + 95 - (i % 96)] as number);
    const options = { storage: 'float32', style: 'decomposed', metadata: {} } as const;
    const [one, other] = await embed(exportOpenFace(arrays(), options), [input, mirrored]);
    const sum = [...(one ?? [])].map((value, i) => value + (other?.[i] ?? 0));
    const length = Math.hypot(...sum);
    const both = await embed(exportOpenFace(arrays(), { ...options, mirror: true }), [input, mirrored]);
    const wanted = sum.map((value) => value / length);
    expect(worst(both, [wanted, wanted])).toBeLessThan(1e-6);
  });

  test('a last layer with weights for every place: the mean over them, where they say so', async () => {
    const rows = await references();
    const named = arrays();
    const dense = named.get('dense_w') as NamedArray;
    const data = Float64Array.from(
      { length: 9 * dense.data.length },
      (_, i) => (dense.data[Math.floor(i / 9)] ?? 0) / 9,
    );
    named.set('dense_w', { shape: [128, 9 * 736], data });
    const inputs = rows.map(({ input }) => input);
    const found = await embed(exportOpenFace(named, { storage: 'float32', style: 'decomposed', metadata: {} }), inputs);
    const wanted = rows.map(({ embedding }) => embedding);
    expect(worst(found, wanted)).toBeLessThan(1e-6);
    data.fill(0);
    for (let i = 0; i < dense.data.length; i++) data[9 * i] = dense.data[i] ?? 0;
    const first = await embed(exportOpenFace(named, { storage: 'float32', style: 'decomposed', metadata: {} }), inputs);
    expect(worst(first, wanted)).toBeGreaterThan(1e-3);
  });

  test('the same arrays give the same bytes', () => {
    const make = () => Buffer.from(exportOpenFace(arrays(), { storage: 'float16', style: 'decomposed', metadata: {} }));
    expect(make().equals(make())).toBe(true);
  });

  test('a missing array and one of another shape are named', () => {
    const lacking = arrays();
    lacking.delete('inception_4e_5x5_conv2_w');
    const options = { storage: 'float32', style: 'decomposed', metadata: {} } as const;
    expect(() => exportOpenFace(lacking, options)).toThrow('the weights lack inception_4e_5x5_conv2_w');
    const bent = arrays().set('dense_w', { shape: [736, 128], data: new Float32Array(736 * 128) });
    expect(() => exportOpenFace(bent, options)).toThrow('dense_w is [736, 128], [128, 736] is expected');
  });
});

test('batch norm folded into a convolution computes what the two compute', () => {
  const one = (value: number) => ({ shape: [1], data: new Float32Array([value]) });
  const named = new Map([
    ['c_w', { shape: [1, 1, 1, 1], data: new Float32Array([2]) }],
    ['c_b', one(0.5)],
    ['n_w', one(3)],
    ['n_b', one(-1)],
    ['n_m', one(0.25)],
    ['n_v', one(4)],
  ]);
  const { filters, bias } = foldBatchNorm(named, 'c', 'n', [1, 1, 1, 1]);
  const folded = (x: number) => (filters[0] as number) * x + (bias[0] as number);
  for (const x of [-2, 0, 1.5]) expect(folded(x)).toBeCloseTo(((2 * x + 0.5 - 0.25) / Math.sqrt(4 + 1e-5)) * 3 - 1, 6);
});

test('half precision is the nearest possible: at most one part in 2,048 away, signs and small numbers included', () => {
  const back = (bits: number) => {
    const [sign, exponent, mantissa] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  };
  fc.assert(
    fc.property(fc.float({ min: -60_000, max: 60_000, noNaN: true }), (value) => {
      const [bits] = toHalf(new Float32Array([value]));
      expect(Math.abs(back(bits as number) - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) / 2048, 2 ** -25));
    }),
  );
  expect([...toHalf(new Float32Array([0, -0, 1, -2, 65_504, 1e6]))]).toEqual([
    0, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x7c00,
  ]);
});
