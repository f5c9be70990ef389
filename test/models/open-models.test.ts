import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { loadManifest } from '../../src/models/model-files.js';
import { openModels, openModelsInTime } from '../../src/models/open-models.js';
import { NO_ENCODER } from '../../src/person/person.js';
import { given } from '../config/given.js';
import { tempFolder } from '../store/sample.js';

async function opening(text = '') {
  const state = await tempFolder();
  return { config: given(text || '{}').config, paths: { state, cache: state, run: state } };
}

test('a network whose file is missing leaves the gate blind, and says which', async () => {
  const manifest = loadManifest();
  const lacking = {
    ...manifest,
    models: manifest.models.map((model) => (model.role === 'encoder' ? { ...model, file: 'none.onnx' } : model)),
  };
  const { whyBlind, encoder, curve } = openModels(await opening(), () => lacking);
  expect(await whyBlind()).toMatch(/none\.onnx is missing .*; run "kaimon models build"$/);
  // The people are those of this encoder all the same.
  expect(encoder).toMatch(/^mobilefacenet@/);
  expect(curve['1e-3'].threshold).toBeGreaterThan(0);
});

test.each<[string, string, string, (state: string) => void, () => ReturnType<typeof loadManifest>]>([
  [
    'no manifest',
    '',
    'models/manifest.json is gone',
    () => undefined,
    () => {
      throw new OperatingError('KAIMON_MODEL_MANIFEST', 'models/manifest.json is gone');
    },
  ],
  [
    'damaged thresholds of the site',
    '',
    'calibration.json cannot be used',
    (state) => writeFileSync(join(state, 'calibration.json'), '{'),
    loadManifest,
  ],
  [
    'an encoder that nobody measured',
    '',
    'were not measured',
    () => undefined,
    () => {
      const manifest = loadManifest();
      const unmeasured = manifest.models.map((model) =>
        model.role === 'encoder' ? { ...model, thresholds: null } : model,
      );
      return { ...manifest, models: unmeasured };
    },
  ],
])('with %s nobody is recognised until the gate is started again', async (_what, text, why, spoil, load) => {
  const parts = await opening(text);
  spoil(parts.paths.state);
  const { whyBlind, curve } = openModels(parts, load);
  expect(await whyBlind()).toMatch(why);
  expect(await whyBlind()).toMatch(/; then restart the gate$/);
  expect(Object.values(curve)).toEqual(Array.from({ length: 4 }, () => ({ threshold: 0 })));
});

test('an encoder that does not exist leaves the gate blind, and says which there are', async () => {
  const { whyBlind, encoder } = openModels(await opening('encoder: nothing'));
  expect(await whyBlind()).toMatch(/no model "nothing" for the role encoder: known are mobilefacenet.*; then restart/);
  expect(encoder).toBe(NO_ENCODER);
});

test('the people stay those of an encoder that is known, also where another network has no entry', async () => {
  const manifest = loadManifest();
  const models = manifest.models.filter(({ role }) => role !== 'landmarks');
  const { whyBlind, encoder, dimension } = openModels(await opening(), () => ({ ...manifest, models }));
  expect(await whyBlind()).toMatch(/no model for the role landmarks/);
  expect([encoder.split('@')[0], dimension]).toEqual(['mobilefacenet', 512]);
});

test('whatever defect the reading of the networks has, the gate is blind and no more', async () => {
  const broken = () => {
    throw new TypeError('a defect');
  };
  expect(await openModels(await opening(), broken).whyBlind()).toBe('a defect; then restart the gate');
});

test('a folder that does not answer leaves the gate blind, and nothing of it is read that all would wait for', async () => {
  const clock = new ManualClock();
  const parts = { ...(await opening()), clock };
  const asked: string[] = [];
  const opened = openModelsInTime(parts, (place) => {
    asked.push(place);
    return new Promise(() => undefined);
  });
  clock.advance(10_000);
  const { whyBlind, encoder } = await opened;
  expect(asked).toHaveLength(1);
  expect(await whyBlind()).toBe(`${asked[0]} does not answer: check its disk; then restart the gate`);
  expect(encoder).toBe(NO_ENCODER);
});

test('what answers, also that it is not there or no file, is opened as ever', async () => {
  const parts = { ...(await opening()), clock: new ManualClock() };
  mkdirSync(join(parts.paths.state, 'models/a.json'), { recursive: true });
  expect(await (await openModelsInTime(parts)).whyBlind()).toMatch(/a\.json cannot be used/);
  rmSync(join(parts.paths.state, 'models'), { recursive: true });
  expect((await openModelsInTime(parts)).encoder).toMatch(/^mobilefacenet@/);
});
