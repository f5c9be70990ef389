import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TAMPER_FILE } from '../../src/report/erase-on-tamper.js';
import { checkout, run, tree } from './tree.js';

const unit = (name: string): string => readFileSync(join(checkout, 'systemd', name), 'utf8');
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).error === undefined;

test('tamper.sh destroys the key wherever it may lie, and what asked for it; nothing else', () => {
  const root = tree({
    'etc/credstore.encrypted/kaimon-seal': 'sealed key',
    'etc/kaimon/seal.key': 'key',
    'run/kaimon-seal/key': 'key',
    'etc/kaimon/kaimon.yaml': 'site: home',
    'etc/credstore.encrypted/other': 'of others',
    'run/kaimon/tamper': '',
    'run/kaimon/in/tamper': '',
    'run/kaimon/door-line': 'chip=gpiochip0',
  });
  expect(run('sh', [join(checkout, 'systemd/tamper.sh'), '--root', root]).code).toBe(0);
  const there = (file: string) => existsSync(join(root, file));
  for (const file of [
    'etc/credstore.encrypted/kaimon-seal',
    'etc/kaimon/seal.key',
    'run/kaimon-seal/key',
    'run/kaimon/tamper',
    'run/kaimon/in/tamper',
  ])
    expect(there(file), file).toBe(false);
  for (const file of ['etc/kaimon/kaimon.yaml', 'etc/credstore.encrypted/other', 'run/kaimon/door-line'])
    expect(there(file), file).toBe(true);
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
