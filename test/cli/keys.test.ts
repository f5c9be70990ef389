import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Keyring } from '../../src/keys/keyring.js';
import { requestText } from '../../src/keys/signed-text.js';
import { tempFolder } from '../store/sample.js';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const ready = existsSync(CLI);

function kaimon(folder: string, ...args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: 'utf8' });
  return { out: stdout, err: stderr, status };
}

test.skipIf(!ready)('an owner makes keys, grants, revokes, and signs what a gate takes', async () => {
  const folder = await tempFolder();
  const { publicKey } = JSON.parse(kaimon(folder, 'keys', 'new', 'keys', '--site', 'home', '--json').out);
  expect(readFileSync(join(folder, 'keys/site-seal.key'), 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  expect(kaimon(folder, 'keys', 'add', 'keys', 'office', '--role', 'open', 'enrol').status).toBe(0);
  expect(kaimon(folder, 'keys', 'grant', 'keys', 'office', '--role', 'enrol').out).toContain(
    'mosquitto_pub -r -q 1 -t kaimon/home/keys',
  );
  expect(kaimon(folder, 'keys', 'list', 'keys').out).toMatch(/office: enrol\n/);
  const keyring = new Keyring({ site: 'home', siteKeys: [publicKey], now: Date.now });
  const take = () => keyring.take(JSON.parse(readFileSync(join(folder, 'keys/trust.json'), 'utf8'))).kind;
  expect(take()).toBe('taken');
  writeFileSync(join(folder, 'ada.jpg'), Buffer.from([0xff, 0xd8, 0xff]));
  const signed = kaimon(
    folder,
    'sign',
    'enroll',
    '--key',
    'keys/office.key',
    '--site',
    'home',
    '--gate',
    'north',
    '--args',
    '{"name":"Ada"}',
    '--photo',
    'ada.jpg',
  );
  const request = JSON.parse(signed.out);
  expect(request).toMatchObject({ v: 1, args: { name: 'Ada', photo: '/9j/' } });
  const check = () =>
    keyring.check(
      { ...request, text: () => requestText({ site: 'home', gate: 'north', verb: 'enroll' }, request) },
      ['enrol'],
      { gate: 'north' },
    );
  expect(check()).toMatchObject({ ok: true, name: 'office' });
  expect(kaimon(folder, 'keys', 'revoke', 'keys', 'office').status).toBe(0);
  expect(take()).toBe('taken');
  expect(check()).toMatchObject({ ok: false, code: 'bad-signature' });
});

test.skipIf(!ready).each([
  [['keys', 'add', 'keys', 'office', '--role', 'king'], 2, 'Allowed choices are enrol, open'],
  [['keys', 'add', 'keys', 'office'], 2, '--role'],
  [['keys', 'list', 'nowhere'], 4, '`kaimon keys new`'],
  [['keys', 'new', 'keys', '--site', 'Not A Name'], 2, '1–32 characters'],
  [['keys', 'revoke', 'keys', 'office', '--at', 'tomorrow'], 2, '2027-01-31T23:00:00Z'],
  [['sign', 'open', '--key', 'nowhere', '--site', 'home', '--gate', 'north'], 4, 'cannot read nowhere'],
  [['sign', 'o p', '--key', 'nowhere', '--site', 'home', '--gate', 'north'], 2, 'is no name'],
  [['sign', 'open', '--key', 'nowhere', '--args', '[1]'], 2, 'A JSON object is needed'],
])('%j is refused with a sentence', async (args, status, sentence) => {
  const told = kaimon(await tempFolder(), ...args);
  expect(told).toMatchObject({ out: '', status });
  expect(told.err).toContain(sentence);
});
