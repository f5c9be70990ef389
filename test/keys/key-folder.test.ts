import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  addKey,
  changeKey,
  newKeyFolder,
  openKeyFolder,
  readTrustFile,
  renewSiteKey,
} from '../../src/keys/key-folder.js';
import { Keyring } from '../../src/keys/keyring.js';
import { newSigningKey, readSigningKey } from '../../src/keys/signing-key.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { takeList } from '../../src/site/taken-list.js';
import { tempFolder } from '../store/sample.js';

const clock = new ManualClock();
const office = { name: 'office', roles: ['enrol', 'remove'], gates: null, publicKey: undefined } as const;

async function made() {
  const folder = join(await tempFolder(), 'keys');
  return { folder, opened: await newKeyFolder(folder, 'home', clock) };
}

test('a new folder has a key of the site, readable by its owner alone, and a list that gates take', async () => {
  const { folder, opened } = await made();
  expect(statSync(join(folder, 'site.key')).mode & 0o777).toBe(0o600);
  const keyring = new Keyring({ site: 'home', siteKeys: [opened.siteKey.publicKey], now: () => clock.wall() });
  const trust = () => JSON.parse(readFileSync(join(folder, 'trust.json'), 'utf8'));
  expect(keyring.take(trust()).kind).toBe('taken');
  const { file, added } = await addKey(await openKeyFolder(folder), office, clock);
  expect(keyring.take(trust()).kind).toBe('taken');
  const key = readSigningKey(readFileSync(String(file)), 'office');
  expect(key.id).toBe(added.id);
  expect(keyring.check({ key: key.id, signature: key.sign('x'), text: () => 'x' }, ['remove'])).toMatchObject({
    ok: true,
    name: 'office',
  });
  await changeKey(await openKeyFolder(folder), 'office', { roles: ['read'] }, clock);
  await changeKey(await openKeyFolder(folder), 'office', { revoked: '2026-01-01T00:00:00.000Z' }, clock);
  expect(keyring.take(trust()).kind).toBe('taken');
  expect(keyring.list).toMatchObject({
    serial: 4,
    keys: [{ name: 'office', roles: ['read'], revoked: '2026-01-01T00:00:00.000Z' }],
  });
});

test('a key that was made elsewhere is added by its public half', async () => {
  const { folder, opened } = await made();
  const { key } = newSigningKey();
  const { file } = await addKey(opened, { ...office, publicKey: key.publicKey }, clock);
  expect(file).toBeUndefined();
  expect((await readTrustFile(folder)).keys).toMatchObject([{ id: key.id, name: 'office' }]);
});

test('a renewed key of the site signs the list on, and the old one is kept', async () => {
  const { folder, opened } = await made();
  const { siteKey, list } = await renewSiteKey(opened, clock);
  expect(siteKey.id).not.toBe(opened.siteKey.id);
  const gate = new Keyring({ site: 'home', siteKeys: [opened.siteKey.publicKey, siteKey.publicKey], now: () => 0 });
  expect(gate.take(opened.list).kind).toBe('taken');
  expect(gate.take(list).kind).toBe('taken');
  expect(readSigningKey(readFileSync(join(folder, 'site.key.old')), 'old').id).toBe(opened.siteKey.id);
});

test.each<[string, (folder: string) => Promise<unknown>, string]>([
  ['a folder that is one already', (folder) => newKeyFolder(folder, 'home', clock), 'it is there already'],
  ['a folder that is none', (folder) => openKeyFolder(join(folder, 'none')), '`kaimon keys new`'],
  [
    'a name that is there',
    async (folder) => addKey((await addKey(await openKeyFolder(folder), office, clock)).opened, office, clock),
    'is in the list already',
  ],
  [
    'a name that is none',
    async (folder) => addKey(await openKeyFolder(folder), { ...office, name: '../x' }, clock),
    'cannot be a name',
  ],
  [
    'a key that is none',
    async (folder) => addKey(await openKeyFolder(folder), { ...office, publicKey: 'x' }, clock),
    'no public Ed25519 key',
  ],
  [
    'a name that is not there',
    async (folder) => changeKey(await openKeyFolder(folder), 'office', { roles: [] }, clock),
    'known: nobody',
  ],
])('%s is refused, and nothing is changed', async (_what, act, why) => {
  const { folder } = await made();
  const before = readFileSync(join(folder, 'site.key'), 'utf8');
  await expect(act(folder)).rejects.toThrow(why);
  expect(readFileSync(join(folder, 'site.key'), 'utf8')).toBe(before);
});

test('a list that gates would find too large is not made, and one that is nearly so can still revoke', async () => {
  let { opened } = await made();
  const gates = Array.from({ length: 100 }, (_, i) => `gate-of-a-large-site-${i}`);
  const add = async (i: number) => {
    const { publicKey } = newSigningKey().key;
    opened = (await addKey(opened, { ...office, name: `client-${i}`, gates, publicKey }, clock)).opened;
  };
  const addAll = async () => {
    for (let i = 0; i < 500; i++) await add(i);
  };
  await expect(addAll()).rejects.toMatchObject({
    code: 'KAIMON_KEYS',
    message: expect.stringMatching(/too large.*--gates/),
  });
  const keyring = new Keyring({ site: 'home', siteKeys: [opened.siteKey.publicKey], now: () => clock.wall() });
  const revoked = new Date(clock.wall()).toISOString();
  for (const { name } of opened.list.keys) opened = await changeKey(opened, name, { revoked }, clock);
  const text = Buffer.from(JSON.stringify(opened.list));
  expect(takeList(text, (list) => keyring.take(list)).kind).toBe('taken');
});
