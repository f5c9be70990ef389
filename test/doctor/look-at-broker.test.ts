import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Config, defaultConfig } from '../../src/config/config.js';
import { lookAtBroker } from '../../src/doctor/look-at-broker.js';
import { nextUp } from '../contract/link.contract.js';
import { configFor, mqttLink } from '../site/harness.js';
import { freePort, type Mosquitto, startMosquitto } from '../site/mosquitto.js';

let folder = '';
let mosquitto: Mosquitto;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaimon-broker-'));
  chmodSync(folder, 0o755);
  spawnSync('mosquitto_passwd', ['-b', '-c', join(folder, 'passwords'), 'gate', 'open sesame']);
  mosquitto = await startMosquitto(['allow_anonymous false', `password_file ${join(folder, 'passwords')}`]);
  writeFileSync(join(folder, 'right'), 'open sesame\n');
  writeFileSync(join(folder, 'wrong'), 'open barley\n');
});
afterAll(async () => {
  await mosquitto.stop();
  rmSync(folder, { recursive: true });
});

const look = async (mqtt: Partial<Config['mqtt']>, answerMs?: number) => {
  const all = { ...defaultConfig, mqtt: { ...defaultConfig.mqtt, enabled: true, url: mosquitto.url, ...mqtt } };
  const { findings } = await lookAtBroker(all, answerMs);
  expect(findings).toHaveLength(1);
  return findings[0];
};

test('a login that the broker accepts is in order, and the gate of that name stays connected', async () => {
  const login = { username: 'gate', passwordFile: join(folder, 'right') };
  const gate = mqttLink(configFor(mosquitto.url, login), defaultConfig.gate);
  let lost = false;
  gate.onDown(() => {
    lost = true;
  });
  const up = nextUp(gate);
  gate.start();
  await up;
  expect(await look(login)).toMatchObject({ result: 'ok', text: expect.stringMatching(/login accepted \(MQTT 5\)/) });
  await gate.subscribe(['kaimon/x']);
  expect(lost).toBe(false);
  await gate.end();
});

test('a wrong password names the keys to look at', async () => {
  expect(await look({ username: 'gate', passwordFile: join(folder, 'wrong') })).toMatchObject({
    result: 'problem',
    text: expect.stringMatching(/mqtt\.username and mqtt\.passwordFile/),
  });
});

test('a broker that is not there is a problem', async () => {
  expect(await look({ url: `mqtt://127.0.0.1:${await freePort()}` })).toMatchObject({
    result: 'problem',
    text: expect.stringMatching(/ECONNREFUSED/),
  });
});

test('a broker that never answers is given up', async () => {
  const mute = createServer(() => undefined);
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as { port: number };
  try {
    expect(await look({ url: `mqtt://127.0.0.1:${port}` }, 300)).toMatchObject({
      result: 'problem',
      text: expect.stringMatching(/no answer within 0\.3 s/),
    });
  } finally {
    mute.close();
  }
});

test('a password that only the service can read is left to it', async () => {
  expect(await look({ username: 'gate', passwordFile: 'mqtt-password' })).toMatchObject({
    result: 'ok',
    text: expect.stringMatching(/credential of systemd/),
  });
});

test('without a broker there is nothing to look at', async () => {
  expect(await look({ enabled: false })).toMatchObject({ result: 'ok', text: expect.stringMatching(/none/) });
});
