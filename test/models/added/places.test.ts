import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { networksFolder } from '../../../src/config/paths.js';
import { prepareNetworks } from '../../../src/models/added/owned.js';
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
    expect.stringMatching(/^network-in-release: the network own lies in the folder of this release, /),
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

test('the command that a warning gives moves a network, whatever the umask and the name of its entry, and for every shell', async () => {
  const to = join(root, 'other/models');
  await mkdir(join(root, 'other'));
  await writeFile(join(root, 'models/by-hand.json'), JSON.stringify(own));
  await writeFile(join(root, 'models/own.onnx'), 'mine');
  const [warning] = inReleaseFolder(loadManifest(root, to), to, root);
  const command = warning?.split('will not have it: ')[1] ?? 'false';
  execFileSync('sh', ['-c', `umask 077; ${command}`]);
  expect(loadManifest(root, to).models[1]?.folder).toBe(to);
  expect(existsSync(join(to, 'own.onnx'))).toBe(true);
  expect((await stat(to)).mode & 0o777).toBe(0o755);
});

test('the folder of networks is open to all, and a state folder that is made for it to nobody else', async () => {
  const state = join(root, 'new/state');
  await prepareNetworks(join(state, 'models'));
  expect((await stat(join(state, 'models'))).mode & 0o777).toBe(0o755);
  expect((await stat(state)).mode & 0o777).toBe(0o700);
});
