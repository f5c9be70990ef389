import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configSchema } from '../../src/config/config.js';
import { dangersOf } from '../../src/config/dangers.js';
import { tempFolder } from '../store/sample.js';

const codes = (changes: object, env = {}) =>
  dangersOf(configSchema.parse(changes), env).map((danger) => danger.split(':')[0]);
const SITE_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
/** Where nothing is signed is a danger of its own. */
const keys = { siteKeys: [SITE_KEY] };
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
  ['a broker that is off', { keys, mqtt: { url: 'mqtt://broker.example' } }, []],
  ['an open broker on this machine', { keys, mqtt: { enabled: true } }, []],
  ['the same, by its IPv6 address', { keys, mqtt: { enabled: true, url: 'mqtt://[::1]:1883' } }, []],
  [
    'an open broker elsewhere',
    { keys, mqtt: { enabled: true, url: 'mqtt://broker.example' } },
    ['broker-plain', 'broker-anonymous'],
  ],
  [
    'a name without a password, as a list of clients may want it',
    { keys, mqtt: { enabled: true, url: 'mqtt://192.0.2.1', username: 'north' } },
    ['broker-plain'],
  ],
  ['an encrypted broker that wants no name', { keys, mqtt: { enabled: true, url: 'mqtts://b' } }, ['broker-anonymous']],
  ['a name over TLS', { keys, mqtt: { enabled: true, url: 'mqtts://b', username: 'north' } }, []],
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

test('a password that goes to another machine as it is, is a danger; over TLS and on this machine it is none', async () => {
  const file = join(await tempFolder(), 'password');
  writeFileSync(file, 'secret', { mode: 0o600 });
  const to = (url: string) => codes({ keys, mqtt: { enabled: true, url, username: 'north', passwordFile: file } });
  expect(to('mqtt://broker.example')).toEqual(['broker-password-plain']);
  expect(to('mqtts://broker.example')).toEqual([]);
  expect(to('mqtt://localhost:1883')).toEqual([]);
});

test("the key of the gate's certificate that every user can read is a danger", async () => {
  const file = join(await tempFolder(), 'key');
  writeFileSync(file, 'secret');
  chmodSync(file, 0o644);
  const mqtt = { enabled: true, url: 'mqtts://broker.example', certFile: file, keyFile: file };
  expect(codes({ keys, mqtt })).toEqual(['secret-open']);
});

test('a secret that is not there is told', () => {
  expect(codes({ journal: { keyFile: '/nowhere/key' } })).toEqual(['secret-missing']);
});

test('a credential that only the service can read is not judged from outside, nor what is switched off', () => {
  expect(codes({ journal: { keyFile: 'journal-key' } })).toEqual([]);
  expect(codes({ journal: { enabled: false, keyFile: '/nowhere/key' } })).toEqual([]);
  expect(codes({ mqtt: { username: 'gate', passwordFile: '/nowhere/password' } })).toEqual([]);
});
