import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configSchema } from '../../src/config/config.js';
import { dangersOf } from '../../src/config/dangers.js';
import { tempFolder } from '../store/sample.js';

const codes = (changes: object, env = {}) =>
  dangersOf(configSchema.parse(changes), env).map((danger) => danger.split(':')[0]);
const SITE_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const gpio = { kind: 'gpio', relay: { line: 17 } };

test.each<[string, object, readonly string[]]>([
  ['the defaults are no danger: nobody has named the gate yet', {}, []],
  ['a gate with a lock', { gate: 'north', door: gpio }, []],
  ['liveness off', { gate: 'north', door: gpio, liveness: { enabled: false } }, ['liveness-off']],
  ['a clock that is not checked', { gate: 'north', door: gpio, access: { clock: 'unchecked' } }, ['clock-unchecked']],
  ['metrics for this machine', { gate: 'north', door: gpio, metrics: { enabled: true } }, []],
  [
    'metrics for other machines',
    { gate: 'north', door: gpio, metrics: { enabled: true, host: '0.0.0.0', beyondThisMachine: true } },
    ['metrics-open'],
  ],
  [
    'metrics for other machines that are off',
    { gate: 'north', door: gpio, metrics: { host: '::', beyondThisMachine: true } },
    [],
  ],
  ['a broker at which nothing is signed', { mqtt: { enabled: true } }, ['unsigned']],
  ['one at which all is', { mqtt: { enabled: true }, keys: { siteKeys: [SITE_KEY] } }, []],
  [
    'Home Assistant that may open',
    {
      gate: 'north',
      door: gpio,
      mqtt: { enabled: true },
      keys: { siteKeys: [SITE_KEY] },
      homeAssistant: { enabled: true, commands: ['lock', 'open'] },
    },
    ['unsigned-commands'],
  ],
  [
    'Home Assistant that may lock',
    {
      gate: 'north',
      door: gpio,
      mqtt: { enabled: true },
      keys: { siteKeys: [SITE_KEY] },
      homeAssistant: { enabled: true, commands: ['lock'] },
    },
    [],
  ],
  [
    'Home Assistant that might open and is off',
    {
      gate: 'north',
      door: gpio,
      mqtt: { enabled: true },
      keys: { siteKeys: [SITE_KEY] },
      homeAssistant: { commands: ['open'] },
    },
    [],
  ],
  ['a simulated door at a gate with a name', { gate: 'north' }, ['door-simulated']],
  [
    'simulated wires at a gate with a name',
    { gate: 'north', door: { ...gpio, gpio: { backend: 'simulated' } } },
    ['door-simulated'],
  ],
])('%s', (_what, changes, expected) => {
  expect(codes(changes)).toEqual(expected);
});

test('a password or key that every user can read or change is a danger, one for its group is none', async () => {
  const file = join(await tempFolder(), 'password');
  writeFileSync(file, 'secret');
  const changes = {
    mqtt: { enabled: true, username: 'gate', passwordFile: file },
    journal: { keyFile: file },
    keys: { siteKeys: [SITE_KEY], ownKeyFile: file, sealKeyFile: file },
  };
  for (const [mode, expected] of [
    [0o600, []],
    [0o640, []],
    [0o644, Array(4).fill('secret-open')],
    [0o602, Array(4).fill('secret-open')],
  ] as const) {
    chmodSync(file, mode);
    expect(codes(changes)).toEqual(expected);
  }
  expect(dangersOf(configSchema.parse(changes), {}).join()).not.toContain('secret"');
});

test('a secret that is not there is told', () => {
  expect(codes({ journal: { keyFile: '/nowhere/key' } })).toEqual(['secret-missing']);
});

test('a credential that only the service can read is not judged from outside, nor what is switched off', () => {
  expect(codes({ journal: { keyFile: 'journal-key' } })).toEqual([]);
  expect(codes({ journal: { enabled: false, keyFile: '/nowhere/key' } })).toEqual([]);
  expect(codes({ mqtt: { username: 'gate', passwordFile: '/nowhere/password' } })).toEqual([]);
});
