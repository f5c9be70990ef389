import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { encoderId, findModel, MATCH_RATES, type Manifest, manifestSchema } from '../../src/models/manifest.js';
import { assertModels, loadManifest, modelPath } from '../../src/models/model-files.js';
import { manifestOf, model, sha256 } from './packages.js';

type Plain = { models: Record<string, unknown>[] } & Record<string, unknown>;
const plain = (): Plain => structuredClone(loadManifest()) as unknown as Plain;

describe('the manifest of this release', () => {
  const manifest = loadManifest();

  test('has a model for every role that the eye needs', () => {
    expect(findModel(manifest, 'detector-confirm').name).toBe('ultraface');
    expect(findModel(manifest, 'landmarks').output.dimension).toBe(136);
    expect(findModel(manifest, 'encoder', 'mobilefacenet').template.points).toHaveLength(5);
  });

  test('says plainly which model has an unclear licence or origin', () => {
    for (const { name, licence, origin } of manifest.models)
      if (licence.spdx === null) expect(`${name}: ${origin}`).toMatch(/UNCLEAR/);
    expect(findModel(manifest, 'encoder', 'mobilefacenet').licence.spdx).toBeNull();
  });

  test('names an encoder by its file, so that templates of two files never mix', () => {
    const { sha256 } = findModel(manifest, 'encoder', 'openface');
    expect(encoderId(findModel(manifest, 'encoder', 'openface'))).toBe(`openface@${sha256.slice(0, 12)}`);
  });

  test('keeps the name of an encoder whose graph was only rewritten: people stay enrolled', () => {
    expect(encoderId(findModel(manifest, 'encoder', 'mobilefacenet'))).toBe('mobilefacenet@87aacdfe5751');
  });

  test('tells which encoders there are when an unknown one is asked for', () => {
    expect(() => findModel(manifest, 'encoder', 'facenet')).toThrow(
      /no model "facenet".*known are mobilefacenet, openface/,
    );
    expect(() => findModel(manifest, 'liveness', 'other')).toThrow(
      /for the role liveness: known are liveness, fr-liveness/,
    );
  });

  test('has thresholds that grow stricter with the false match rate', () => {
    const { thresholds } = findModel(manifest, 'encoder');
    const limits = MATCH_RATES.map((rate) => thresholds?.[rate].threshold ?? 0);
    expect(limits).toEqual([...limits].sort((a, b) => b - a));
  });
});

describe('a manifest is refused when', () => {
  const change = (models: Plain['models'], name: string, fields: Record<string, unknown>) =>
    models.map((entry) => (entry['name'] === name ? { ...entry, ...fields } : entry));
  const limit = (threshold: number) => ({ threshold, tar: 0.9, low: 0.8, high: 1 });
  test.each<[string, (manifest: Plain) => Plain, RegExp]>([
    ['a key is unknown', (m) => ({ ...m, extra: 1 }), /extra/],
    ['two models have one name', (m) => ({ ...m, models: [...m.models, ...m.models] }), /ultraface appears twice/],
    [
      'a file climbs out of its folder',
      (m) => ({ ...m, models: change(m.models, 'ultraface', { file: '../x.onnx' }) }),
      /file/,
    ],
    [
      'a digest is not 64 hex digits',
      (m) => ({ ...m, models: change(m.models, 'ultraface', { sha256: 'abc' }) }),
      /64 hex digits/,
    ],
    [
      'a built file lies outside build/',
      (m) => ({ ...m, models: change(m.models, 'ultraface', { file: 'x.onnx' }) }),
      /lie in build/,
    ],
    [
      'a threshold does not grow stricter',
      (m) => {
        const thresholds = { '1e-2': limit(1.4), '1e-3': limit(1.4), '1e-4': limit(1.1), '1e-5': limit(1) };
        return { ...m, models: change(m.models, 'mobilefacenet', { thresholds }) };
      },
      /thresholds must fall strictly/,
    ],
    [
      'a template does not fit the input',
      (m) => {
        const { template } = findModel(loadManifest(), 'encoder', 'openface');
        return { ...m, models: change(m.models, 'mobilefacenet', { template }) };
      },
      /template of 96 pixels does not fit an input of 112×112/,
    ],
    [
      'one package has two integrities',
      (m) => {
        const source = { ...(m.models[0]?.['source'] as object), integrity: `sha512-${'A'.repeat(86)}==` };
        return { ...m, models: change(m.models, 'ultraface', { source }) };
      },
      /two different integrities/,
    ],
  ])('%s', (_rule, spoil, message) => {
    const result = manifestSchema.safeParse(spoil(plain()));
    expect(result.error?.message ?? 'accepted').toMatch(message);
  });
});

describe('the daemon starts only with the files of the manifest', () => {
  let root: string;
  const entry = model('net', 'right', { kind: 'trained', recipe: 'a recipe' });
  const manifest: Manifest = manifestOf([entry]);
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
    await mkdir(join(root, 'models'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const outcome = (names: readonly string[]) =>
    assertModels(manifest, names, root).then(
      () => undefined,
      (thrown: unknown) => thrown as OperatingError,
    );

  test('a missing file stops it with one line that says what to do', async () => {
    const error = await outcome(['net']);
    expect(error).toBeInstanceOf(OperatingError);
    expect(error).toMatchObject({ code: 'KAIMON_MODEL_MISSING', trouble: 'environment' });
    expect(error?.message).toBe(
      `${modelPath(entry, root)} is missing (sha256 ${entry.sha256}); restore it from the release`,
    );
  });

  test('a changed file stops it with both digests in the line', async () => {
    await writeFile(modelPath(entry, root), 'wrong');
    const error = await outcome(['net']);
    expect(error).toMatchObject({ code: 'KAIMON_MODEL_DIGEST', trouble: 'environment' });
    expect(error?.message).toContain(`sha256 ${sha256('wrong')}, expected ${sha256('right')}`);
    expect(error?.message).not.toContain('\n');
  });

  test('the right file lets it start', async () => {
    await writeFile(modelPath(entry, root), 'right');
    expect(await outcome(['net'])).toBeUndefined();
  });

  test('a model that the manifest does not know stops it', async () => {
    expect(await outcome(['other'])).toMatchObject({ code: 'KAIMON_MODEL_UNKNOWN' });
  });

  test('a model that an installation added is read with the number of its format and, as before there was one, without; a later one is refused', async () => {
    await writeFile(join(root, 'models', 'manifest.json'), JSON.stringify(manifest));
    const added = join(root, 'models', 'own.json');
    const own = { ...model('own', 'right', { kind: 'owner', from: 'me' }), file: 'own.onnx' };
    for (const number of [{}, { schema: 1 }]) {
      await writeFile(added, JSON.stringify({ ...number, ...own }));
      expect(loadManifest(root).models.map(({ name }) => name)).toEqual(['net', 'own']);
    }
    await writeFile(added, JSON.stringify({ schema: 2, ...own }));
    expect(() => loadManifest(root)).toThrow(/own\.json cannot be used \(format 2; this version reads up to 1\)/);
    await rm(added);
  });

  test('a manifest that is not JSON stops it', async () => {
    await writeFile(join(root, 'models', 'manifest.json'), '{');
    expect(() => loadManifest(root)).toThrow(/manifest\.json cannot be used .*restore it from the release/);
  });
});
