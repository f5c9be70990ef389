import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { OnnxEncoder } from '../../src/face/encoder.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { decodePhoto } from '../../src/kit/opencv/codec.js';
import { encoderId, findModel } from '../../src/models/manifest.js';
import { loadManifest, modelPath, projectRoot } from '../../src/models/model-files.js';
import { parseCsv } from '../../src/models/openface/cmu-csv.js';
import { fetchOpenFaceCmu } from '../../src/models/openface/cmu-fetch.js';
import { readPins } from '../../src/models/openface/cmu-pins.js';
import { blobOf, folderOf, pinsOf } from './openface-cmu-files.js';
import { manifestOf } from './packages.js';

/** 221 of CMU's 226 arrays as float32 and a rule for the others; see the README there. */
const folder = fileURLToPath(new URL('../../../shared/data/openface-csv/', import.meta.url));
const here = existsSync(`${folder}index.json`);
if (!here) test("CMU's own arrays", ({ skip }) => skip('they are not here: shared/data/openface-csv'));

const entry = z.object({ file: z.string(), n: z.int(), shape: z.array(z.int()) });
const indexSchema = z.object({
  files: z.array(entry.extend({ offset: z.int() })),
  missing: z.array(entry.extend({ fan_in: z.int() })),
});
const referenceSchema = z.object({ crop: z.string(), embedding: z.array(z.number()).length(128) });

/** As Lua's "%.14g" wrote the originals. */
function inFourteenDigits(value: number): string {
  const rounded = roundsDown(value) ? value * (1 - Number.EPSILON) : value;
  const [mantissa = '', power = ''] = rounded.toExponential(13).split('e');
  const bare = (digits: string) => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 14) return bare(rounded.toPrecision(14));
  return `${bare(mantissa)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Half a last digit, exactly, goes to the even one in C and away from zero in JavaScript: 93 of the numbers are such. */
const roundsDown = (value: number): boolean =>
  /[02468]5e/.test(value.toExponential(14)) && /^-?\d\.\d{13}50*e/.test(value.toExponential(60));

function originals(): { file: string; shape: number[]; values: Float32Array }[] {
  const index = indexSchema.parse(JSON.parse(readFileSync(`${folder}index.json`, 'utf8')));
  const bytes = readFileSync(`${folder}weights.f32`);
  return index.files.map(({ file, n, shape, offset }) => ({
    file,
    shape,
    values: Float32Array.from({ length: n }, (_, i) => bytes.readFloatLE(offset + 4 * i)),
  }));
}

function fillers(): { file: string; shape: number[]; text: string }[] {
  const index = indexSchema.parse(JSON.parse(readFileSync(`${folder}index.json`, 'utf8')));
  return index.missing.map(({ file, n, shape, fan_in }) => {
    const size = Math.sqrt(2 / fan_in);
    return {
      file,
      shape,
      text: `${Array.from({ length: n }, (_, i) => Math.fround(size * Math.sin(0.731 * i + 0.5))).join()}\n`,
    };
  });
}

describe.runIf(here)("CMU's own arrays, printed as the original files", () => {
  let root: string;
  const texts = new Map<string, { text: string; shape: number[] }>();
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
    for (const { file, shape, values } of originals())
      texts.set(file, { text: `${Array.from(values, inFourteenDigits).join()}\n`, shape });
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test('each of the 221 has the git blob id and the shape that the release pins', () => {
    const { arrays } = readPins(projectRoot());
    expect(texts.size).toBe(221);
    for (const [file, { text, shape }] of texts)
      expect([file, arrays[file]]).toEqual([file, { blob: blobOf(text), shape }]);
  });

  test('read again, they are the same float32 to the last bit', () => {
    for (const { file, values } of originals())
      expect(
        Buffer.from(parseCsv(texts.get(file)?.text ?? '', values.length).buffer).equals(Buffer.from(values.buffer)),
        file,
      ).toBe(true);
  });

  test('fetched with fillers for the other five, the encoder gives the reference embeddings within 1e-6', async () => {
    for (const { file, shape, text } of fillers()) texts.set(file, { text, shape });
    await mkdir(join(root, 'models/openface-cmu'), { recursive: true });
    const release = manifestOf([findModel(loadManifest(), 'landmarks')]);
    await writeFile(join(root, 'models/manifest.json'), JSON.stringify(release));
    await writeFile(join(root, 'models/openface-cmu/arrays.json'), JSON.stringify(pinsOf(Object.fromEntries(texts))));
    const from = await folderOf(
      join(root, 'weights'),
      Object.fromEntries([...texts].map(([file, { text }]) => [file, text])),
    );
    const made = await fetchOpenFaceCmu({ from, root });

    await loadOpenCv();
    const { input, template, output } = made;
    const spec = { id: encoderId(made), file: modelPath(made, root), input, template, dimension: output.dimension };
    const encoder = await OnnxEncoder.load(spec);
    const lines = readFileSync(`${folder}reference.jsonl`, 'utf8').trim().split('\n');
    const rows = lines
      .map((line) => referenceSchema.parse(JSON.parse(line)))
      .filter(({ crop }) => crop.endsWith('.png'));
    expect(rows).toHaveLength(3);
    for (const { crop, embedding } of rows) {
      const { picture } = await decodePhoto(readFileSync(`${folder}${crop}`));
      const found = await encoder.encode(picture);
      picture.release();
      expect(Math.max(...embedding.map((value, i) => Math.abs(value - (found[i] ?? Number.NaN))))).toBeLessThan(1e-6);
    }
  });
});
