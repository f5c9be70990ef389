import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Config, defaultConfig } from '../../src/config/config.js';
import { lookAtBroker } from '../../src/doctor/look-at-broker.js';
import { topicsOf } from '../../src/site/topics.js';
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
  const { findings } = await lookAtBroker(all, false, answerMs);
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

/** All that is found at a broker with these lines of configuration. */
async function found(lines: readonly string[], mqtt: Partial<Config['mqtt']> = {}, running = false) {
  const broker = await startMosquitto(lines);
  try {
    const all = { ...defaultConfig, mqtt: { ...defaultConfig.mqtt, enabled: true, url: broker.url, ...mqtt } };
    return await lookAtBroker(all, running).then(({ findings }) => findings);
  } finally {
    await broker.stop();
  }
}

test('a broker that lets in anybody, beside those with a password, is a warning', async () => {
  const lines = ['allow_anonymous true', `password_file ${join(folder, 'passwords')}`];
  const login = { username: 'gate', passwordFile: join(folder, 'right') };
  expect(await found(lines, login)).toMatchObject([
    { result: 'ok' },
    {
      result: 'warning',
      text: expect.stringContaining('lets in anybody'),
      advice: expect.stringMatching(/allow_anonymous/),
    },
  ]);
});

test('an open broker on this machine, as the page has it, is none', async () => {
  expect(await found(['allow_anonymous true'])).toMatchObject([{ result: 'ok' }]);
});

test('a broker that is too small for a photo is a warning', async () => {
  expect(await found(['allow_anonymous true', 'max_packet_size 100000'])).toMatchObject([
    { result: 'ok' },
    { result: 'warning', text: expect.stringContaining('100000 bytes') },
  ]);
});

test('a gate of this name that is online although none runs here is a warning, until it says goodbye', async () => {
  const broker = await startMosquitto();
  const all = { ...defaultConfig, mqtt: { ...defaultConfig.mqtt, enabled: true, url: broker.url } };
  const { site, gate } = defaultConfig;
  const { state } = topicsOf({ site, gate });
  const other = mqttLink(configFor(broker.url), 'elsewhere');
  const say = (status: string) => other.publish(state, JSON.stringify({ status }), { retain: true, qos: 1 });
  const results = async (running = false) =>
    (await lookAtBroker(all, running)).findings.map(({ result, text }) => [
      result,
      text.includes('another gate has this name'),
    ]);
  try {
    other.start();
    await say('degraded');
    expect(await results()).toEqual([
      ['ok', false],
      ['warning', true],
    ]);
    expect(await results(true)).toEqual([['ok', false]]);
    await say('offline');
    expect(await results()).toEqual([['ok', false]]);
  } finally {
    await other.end();
    await broker.stop();
  }
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
