import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SHARED_NETWORKS, serviceConfigs } from '../../../src/config/paths.js';
import { encodersInUse } from '../../../src/models/added/in-use.js';
import { removeEncoder } from '../../../src/models/added/remove-encoder.js';
import { loadManifest } from '../../../src/models/model-files.js';
import { tempFolder } from '../../store/sample.js';

const configs = async (files: Record<string, string>) => {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { folder, list: () => serviceConfigs(folder) };
};

test('of the networks that all gates of a computer share each gate’s own is in use', async () => {
  const { folder, list } = await configs({
    'in.yaml': 'encoder: own\n',
    'out.yaml': 'encoder: openface\n',
    'broken.yaml': 'encoder: [',
    'in.yaml.old': 'encoder: older\n',
  });
  expect([...encodersInUse({ encoder: 'mobilefacenet' }, SHARED_NETWORKS, list)].sort()).toEqual([
    ['mobilefacenet', 'the configuration'],
    ['openface', join(folder, 'out.yaml')],
    ['own', join(folder, 'in.yaml')],
  ]);
  // Of a state of its own the services know nothing.
  expect([...encodersInUse({ encoder: 'own' }, '/home/ada/state/models', list).keys()]).toEqual(['own']);
});

test('a folder of configurations that is not there names none', () => {
  expect(serviceConfigs('/nowhere/kaimon')).toEqual([]);
});

test('an encoder that another gate uses stays, and the sentence names that gate', async () => {
  const root = await tempFolder();
  const networks = join(root, 'networks');
  for (const folder of [networks, join(root, 'models')]) await mkdir(folder);
  const release = loadManifest();
  await writeFile(join(root, 'models/manifest.json'), JSON.stringify(release));
  const like = release.models.find(({ name }) => name === 'openface');
  const own = { ...like, name: 'own', file: 'own.onnx', source: { kind: 'owner', from: 'a test' } };
  await writeFile(join(networks, 'own.json'), JSON.stringify({ schema: 1, ...own }));
  const inUse = new Map([['own', '/etc/kaimon/in.yaml']]);
  await expect(removeEncoder({ root, networks }, 'own', inUse)).rejects.toThrow(
    /own is the encoder of \/etc\/kaimon\/in\.yaml: set "encoder:" to another one there/,
  );
  expect(existsSync(join(networks, 'own.json'))).toBe(true);
  await removeEncoder({ root, networks }, 'own', new Map());
  expect(existsSync(join(networks, 'own.json'))).toBe(false);
});
