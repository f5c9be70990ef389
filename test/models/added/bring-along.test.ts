import { expect, test } from 'vitest';
import { encoderToBring, notInBackup } from '../../../src/models/added/bring-along.js';
import { encoderId, findModel, type Manifest, type Model } from '../../../src/models/manifest.js';
import { loadManifest } from '../../../src/models/model-files.js';

const release = loadManifest();
const owner = { kind: 'owner', from: 'kaimon models add' } as const;
const own: Model = {
  ...findModel(release, 'encoder', 'openface'),
  name: 'own',
  file: 'own-0123456789ab.onnx',
  sha256: 'f'.repeat(64),
  sameAs: undefined,
  source: owner,
};
const alive: Model = { ...findModel(release, 'liveness'), name: 'alive', file: 'alive.onnx', source: owner };
const manifest: Manifest = { ...release, models: [...release.models, own, alive] };

test('networks of the release need nobody to bring them', () => {
  expect(notInBackup(release, 'openface')).toEqual([]);
  expect(encoderToBring(release, encoderId(findModel(release, 'encoder', 'openface')))).toBeUndefined();
});

test('of networks that were added those in use are named, with their files', () => {
  expect(notInBackup(manifest, 'own')).toEqual([
    expect.stringMatching(/network own, .*own\.json and own-0123456789ab\.onnx of models\/ .*nobody is recognised$/),
    expect.stringMatching(/network alive, .*it is not asked$/),
  ]);
  expect(notInBackup(manifest, 'openface')).toHaveLength(1);
});

test('a backup of an encoder that is not here says which one is to be brought', () => {
  const id = `own@${'f'.repeat(12)}`;
  expect(encoderToBring(manifest, id)).toBeUndefined();
  expect(encoderToBring(release, id)).toMatch(/encoder own@f{12}, which is not installed here: NOBODY.*own\.json/);
  expect(encoderToBring(manifest, `own@${'0'.repeat(12)}`)).toContain('the own that is here is another one');
});
