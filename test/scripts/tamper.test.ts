import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TAMPER_FILE } from '../../src/report/erase-on-tamper.js';
import { checkout, run, tree } from './tree.js';

const unit = (name: string): string => readFileSync(join(checkout, 'systemd', name), 'utf8');
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).error === undefined;

const tamper = (root: string) => run('sh', [join(checkout, 'systemd/tamper.sh'), '--root', root]);
const RESTART = 'systemctl try-restart kaimon.service kaimon@*.service';

test('tamper.sh destroys the key wherever it may lie, and what asked for it; nothing else', () => {
  const root = tree({
    'etc/credstore.encrypted/kaimon-seal': 'sealed key',
    'etc/credstore.encrypted/kaimon-seal-old': 'sealed key',
    'etc/credstore/kaimon-seal': 'key',
    'etc/kaimon/seal.key': 'key',
    'etc/kaimon/north-seal-2026.key': 'key',
    'run/kaimon-seal/key': 'key',
    'etc/kaimon/kaimon.yaml': 'site: home',
    'etc/kaimon/tls.key': 'of the broker',
    'etc/credstore.encrypted/other': 'of others',
    'run/kaimon/tamper': '',
    'run/kaimon/in/tamper': '',
    'run/kaimon/door-line': 'chip=gpiochip0',
  });
  const { code, out, err } = tamper(root);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(RESTART);
  const there = (file: string) => existsSync(join(root, file));
  for (const file of [
    'etc/credstore.encrypted/kaimon-seal',
    'etc/credstore.encrypted/kaimon-seal-old',
    'etc/credstore/kaimon-seal',
    'etc/kaimon/seal.key',
    'etc/kaimon/north-seal-2026.key',
    'run/kaimon-seal/key',
    'run/kaimon/tamper',
    'run/kaimon/in/tamper',
  ])
    expect(there(file), file).toBe(false);
  for (const file of [
    'etc/kaimon/kaimon.yaml',
    'etc/kaimon/tls.key',
    'etc/credstore.encrypted/other',
    'run/kaimon/door-line',
  ])
    expect(there(file), file).toBe(true);
});

test.each([
  [
    'block style',
    'storage:\n  sealKeyFile: /srv/keys/a # of the door\n  oldSealKeyFiles:\n    - /srv/keys/b\n    - "north"\n',
  ],
  [
    'flow style',
    "storage: { sealKeyFile: '/srv/keys/a', oldSealKeyFiles: [/srv/keys/b,north], eraseOnTamper: true }\n",
  ],
  [
    'flow style over lines',
    'storage: {\n  "sealKeyFile":"/srv/keys/a",\n  "oldSealKeyFiles":["/srv/keys/b",\n    "north"]\n}\n',
  ],
])('and the keys that a configuration names, in %s', (_how, storage) => {
  const root = tree({
    'etc/kaimon/in.yaml': `# sealKeyFile: /srv/keys/c\n${storage}mqtt: { passwordFile: /srv/keys/d }\njournal:\n  signKeyFile: /srv/keys/d\n`,
    'srv/keys/a': 'key',
    'srv/keys/b': 'key',
    'srv/keys/c': 'of others',
    'srv/keys/d': 'of others',
    'etc/credstore.encrypted/north': 'sealed key',
    'run/kaimon/tamper': '',
  });
  const { code, err } = tamper(root);
  expect({ code, err, left: readdirSync(join(root, 'srv/keys')) }).toEqual({ code: 0, err: '', left: ['c', 'd'] });
  expect(readdirSync(join(root, 'etc/credstore.encrypted'))).toEqual([]);
});

test('where nothing is destroyed it says so, fails, and starts no gate anew, which would only ask again', () => {
  const root = tree({ 'etc/kaimon/kaimon.yaml': 'storage: {sealKeyFile: /srv/none}', 'run/kaimon/tamper': '' });
  const { code, out, err } = tamper(root);
  expect(code).toBe(1);
  expect(out).not.toContain(RESTART);
  expect(err).toContain('NOTHING DESTROYED for good: no key was found');
  expect(existsSync(join(root, 'run/kaimon/tamper'))).toBe(false);
});

test('the copy in /run goes, but is not the key: what brought it would bring it again with each start', () => {
  const root = tree({
    'etc/kaimon/kaimon.yaml': 'storage: {sealKeyFile: /run/kaimon-seal/key}',
    'run/kaimon-seal/key': 'key',
  });
  const { code, out, err } = tamper(root);
  expect([code, existsSync(join(root, 'run/kaimon-seal/key')), out.includes(RESTART)]).toEqual([1, false, false]);
  expect(err).toContain('only the copy in /run was found');
});

test('of one destroyed key comes one restart, though another key cannot be destroyed', () => {
  const root = tree({
    'etc/credstore.encrypted/kaimon-seal': 'sealed key',
    'etc/kaimon/kaimon.yaml': 'storage: {sealKeyFile: /srv/link}',
    'home/other': 'not of Kaimon',
  });
  mkdirSync(join(root, 'srv'));
  symlinkSync(join(root, 'home/other'), join(root, 'srv/link'));
  const first = tamper(root);
  expect([first.code, first.out.includes(RESTART)]).toEqual([1, true]);
  expect(first.err).toContain('/srv/link is not destroyed: it is no plain file');
  const second = tamper(root);
  expect([second.code, second.out.includes(RESTART)]).toEqual([1, false]);
  expect(readFileSync(join(root, 'home/other'), 'utf8')).toBe('not of Kaimon');
});

test.skipIf(process.getuid?.() !== 0)('no file in a folder of somebody else is overwritten', () => {
  const root = tree({ 'etc/kaimon/kaimon.yaml': 'storage: {sealKeyFile: /srv/gate/key}', 'srv/gate/key': 'key' });
  chownSync(join(root, 'srv/gate'), 65534, 65534);
  expect(tamper(root).code).toBe(1);
  expect(existsSync(join(root, 'srv/gate/key'))).toBe(true);
});

test('a gate that has destroyed its key itself is started anew', () => {
  const root = tree({ 'run/kaimon/in/tamper': 'destroyed\n' });
  const { code, out } = tamper(root);
  expect([code, out.includes(RESTART)]).toEqual([0, true]);
  expect(tamper(root).out).not.toContain(RESTART);
});

test('the path unit waits for the file that the gate makes, of each gate of the computer', () => {
  expect(unit('kaimon-tamper.path')).toContain(`PathExists=/run/kaimon/${TAMPER_FILE}\n`);
  expect(unit('kaimon-tamper.path')).toContain(`PathExistsGlob=/run/kaimon/*/${TAMPER_FILE}\n`);
});

test.skipIf(!hasAnalyze)('systemd accepts every line of both units', () => {
  const folder = tree({
    'kaimon-tamper.path': unit('kaimon-tamper.path'),
    'kaimon-tamper.service': unit('kaimon-tamper.service').replaceAll('/opt/kaimon', checkout),
  });
  const files = ['kaimon-tamper.path', 'kaimon-tamper.service'].map((name) => join(folder, name));
  const { code, out, err } = run('systemd-analyze', ['verify', '--man=no', ...files]);
  expect({ code, ours: `${out}${err}`.split('\n').filter((line) => line.includes('kaimon')) }).toEqual({
    code: 0,
    ours: [],
  });
});
