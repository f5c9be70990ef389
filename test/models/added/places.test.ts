import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { networksFolder } from '../../../src/config/paths.js';
import { inReleaseFolder, loadManifest, modelPath, verifyModels } from '../../../src/models/model-files.js';
import { tempFolder } from '../../store/sample.js';
import { manifestOf, model } from '../packages.js';

const release = model('net', 'the network', { kind: 'trained', recipe: 'a recipe' });
const own = { ...model('own', 'mine', { kind: 'owner', from: 'me' }), file: 'own.onnx' };

let root: string;
let networks: string;
beforeEach(async () => {
  root = await tempFolder();
  networks = join(root, 'state/models');
  for (const folder of [join(root, 'models'), networks]) await mkdir(folder, { recursive: true });
  await writeFile(join(root, 'models/manifest.json'), JSON.stringify(manifestOf([release])));
});
const put = (folder: string, entry: object) => writeFile(join(folder, 'own.json'), JSON.stringify(entry));
const names = () => loadManifest(root, networks).models.map(({ name }) => name);

test('the services share one folder beside their states, any other state has its own', () => {
  for (const state of ['/var/lib/kaimon', '/var/lib/kaimon/in'])
    expect(networksFolder(state)).toBe('/var/lib/kaimon-models');
  expect(networksFolder('/home/ada/state')).toBe('/home/ada/state/models');
});

test('an added network lies with the state, and its file is looked for there', async () => {
  await put(networks, own);
  const manifest = loadManifest(root, networks);
  expect(manifest.models.map((one) => modelPath(one, root))).toEqual([
    join(root, 'models', release.file),
    join(networks, 'own.onnx'),
  ]);
  await writeFile(join(networks, 'own.onnx'), 'mine');
  expect((await verifyModels(manifest, root)).find(({ name }) => name === 'own')).toMatchObject({ state: 'ok' });
  expect(inReleaseFolder(manifest, networks, root)).toEqual([]);
});

test('one in the folder of the release is read with a warning, and gives way to one of its name with the state', async () => {
  await put(join(root, 'models'), own);
  expect(names()).toEqual(['net', 'own']);
  expect(inReleaseFolder(loadManifest(root, networks), networks, root)).toEqual([
    expect.stringMatching(/^network-in-release: the network own .*mv .*\{own\.json,own\.onnx\}/),
  ]);
  await put(networks, own);
  expect(names()).toEqual(['net', 'own']);
  expect(loadManifest(root, networks).models[1]?.folder).toBe(networks);
});

test('without the folder there are the networks of the release', async () => {
  await rm(networks, { recursive: true });
  expect(names()).toEqual(['net']);
  expect(existsSync(networks)).toBe(false);
});

test.each<[string, object, RegExp]>([
  ['has the name of one of the release', { ...own, name: 'net' }, /is called net as one of the release is/],
  ['has a file out of the folder', { ...own, file: '../own.onnx' }, /own\.json cannot be used \(file: /],
  ['says where it lies', { ...own, folder: '/tmp' }, /own\.json cannot be used .*folder/],
  ['has no digest', { ...own, sha256: 'abc' }, /64 hex digits/],
  ['is not its owner’s', { ...own, source: { kind: 'trained', recipe: 'x' } }, /source\.kind must be "owner"/],
  ['is of a later format', { schema: 2, ...own }, /format 2; this version reads up to 1/],
])('an entry that %s is refused', async (_what, entry, message) => {
  await put(networks, entry);
  expect(names).toThrow(message);
});
