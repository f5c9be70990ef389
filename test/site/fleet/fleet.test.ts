import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runFleet } from '../../../src/cli/fleet.js';
import type { SiteKeys } from '../../../src/keys/open-keys.js';
import { newSigningKey } from '../../../src/keys/signing-key.js';
import { iso, wallMs } from '../../../src/kit/clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { topicsOf } from '../../../src/site/topics.js';
import { listOf, siteKey, siteKeysOf, trusted } from '../../keys/sample.js';
import { fastClock } from '../../support/fast-clock.js';
import { configFor, type Gate, gateOver, mqttLink } from '../harness.js';
import { freePort, type Mosquitto, startMosquitto } from '../mosquitto.js';
import { person, version } from '../sync/memory-people.js';
import { until } from '../until.js';

let mosquitto: Mosquitto;
let gates: Gate[];
let printed = '';
beforeEach(async () => {
  mosquitto = await startMosquitto();
  gates = [];
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of gates) await one.stop();
  await mosquitto.stop();
});

/** A gate whose clock is ahead, as it says itself. */
async function gate(name: string, aheadMs = 0, keys?: SiteKeys): Promise<Gate> {
  const ping = async () => ({ time: iso(wallMs(systemClock.wall() + aheadMs)), version: '0.1.0' });
  const made = gateOver(
    mqttLink(configFor(mosquitto.url), name),
    name,
    { ping },
    undefined,
    fastClock(4),
    keys ? { keys } : {},
  );
  gates.push(made);
  await until('it is connected', () => made.site.connected);
  return made;
}
const never = new AbortController().signal;
const fleet = (changes: object = {}) =>
  runFleet({ broker: mosquitto.url, site: 'home', json: true, ...changes }, never);
const said = () =>
  JSON.parse(printed) as { ok: boolean; gates: { gate: string; differs: string[] }[]; notes: string[] };
/** Runs it again until the gates have told what they are to tell. */
async function fleetUntil(holds: () => boolean, changes: object = {}): Promise<number> {
  for (const end = Date.now() + 20_000; ; ) {
    printed = '';
    const code = await fleet(changes);
    if (holds() || Date.now() > end) return code;
  }
}

test('two gates that are well and equal: exit code 0', async () => {
  await gate('north');
  await gate('south');
  const code = await fleetUntil(() => said().ok);
  expect(code).toBe(0);
  expect(said()).toMatchObject({
    ok: true,
    site: 'home',
    notes: [],
    gates: [
      { gate: 'north', status: 'online', version: '0.1.0', people: { count: 0 }, clockAheadMs: expect.any(Number) },
      { gate: 'south', status: 'online' },
    ],
  });
}, 40_000);

test('where the site has keys it asks for clocks as one of its list, or learns none', async () => {
  const { pem, key } = newSigningKey();
  const own = newSigningKey().key;
  const list = listOf([trusted('watcher', key, ['read']), trusted('north', own, ['gate'])]);
  await gate('north', 0, siteKeysOf(list, own));
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-fleet-'));
  const signKey = join(folder, 'watcher.key');
  writeFileSync(signKey, pem);
  await fleetUntil(() => said().ok, { signKey });
  expect(said()).toMatchObject({ gates: [{ gate: 'north', clockAheadMs: expect.any(Number) }] });
  printed = '';
  await fleet();
  expect(said()).toMatchObject({ gates: [{ gate: 'north', clockAheadMs: null, signed: null }] });
  const link = mqttLink(configFor(mosquitto.url), 'liar');
  link.start();
  const { state, info } = topicsOf({ site: 'home', gate: 'liar' });
  const kept = { retain: true, qos: 1 } as const;
  await link.publish('kaimon/home/keys', JSON.stringify(list), kept);
  await link.publish(state, JSON.stringify({ status: 'online', problems: [] }), kept);
  const people = { revision: 'z', count: 9, hash: 'ff' };
  await link.publish(info, JSON.stringify({ version: '9', people, at: new Date().toISOString() }), kept);
  printed = '';
  expect(await fleet({ signKey, siteKey: [siteKey.publicKey] })).toBe(1);
  expect(said()).toMatchObject({
    gates: [
      {
        gate: 'liar',
        signed: false,
        differs: [expect.stringMatching(/signed by no gate/), expect.anything(), expect.anything(), expect.anything()],
      },
      { gate: 'north', signed: true, differs: [] },
    ],
  });
  await link.end();
  rmSync(folder, { recursive: true });
}, 40_000);

test('a gate of the list of keys that says nothing is shown, although somebody has cleared what it had said', async () => {
  const [own, other] = [newSigningKey().key, newSigningKey().key];
  const revoked = { revoked: '2026-01-01T00:00:00.000Z' };
  const list = listOf([
    trusted('north-2', own, ['gate']),
    trusted('pair', other, ['gate'], { gates: ['south', 'east'] }),
    trusted('old', newSigningKey().key, ['gate'], revoked),
    trusted('office', newSigningKey().key, ['read']),
  ]);
  await gate('north', 0, siteKeysOf(list, own));
  const south = await gate('south', 0, siteKeysOf(list, other));
  const link = mqttLink(configFor(mosquitto.url), 'liar');
  link.start();
  const kept = { retain: true, qos: 1 } as const;
  await link.publish('kaimon/home/keys', JSON.stringify(list), kept);
  const siteKeys = { siteKey: [siteKey.publicKey] };
  const rows = () => said().gates.map((row) => [row.gate, row.differs[0]?.slice(0, 15)]);
  const east = ['east', 'it says nothing'];
  await fleetUntil(() => rows().every(([name, differs]) => name === 'east' || differs === undefined), siteKeys);
  expect(rows()).toEqual([east, ['north', undefined], ['south', undefined]]);
  await south.stop();
  gates = gates.filter((one) => one !== south);
  const { state, info } = topicsOf({ site: 'home', gate: 'south' });
  for (const topic of [state, info]) await link.publish(topic, '', kept);
  printed = '';
  expect(await fleet(siteKeys)).toBe(1);
  expect(rows()).toEqual([east, ['north', undefined], ['south', 'it says nothing']]);
  await link.end();
}, 60_000);

test('with MQTT 3.1.1 it learns the same', async () => {
  await gate('north');
  const config = join(mkdtempSync(join(tmpdir(), 'kaimon-fleet-')), 'kaimon.yaml');
  writeFileSync(config, `site: home\nmqtt: { enabled: true, url: "${mosquitto.url}", protocol: 4 }\n`);
  const code = await fleetUntil(() => said().ok, { broker: undefined, site: undefined, config });
  expect(said()).toMatchObject({ ok: true, gates: [{ gate: 'north', clockAheadMs: expect.any(Number) }] });
  expect(code).toBe(0);
  rmSync(config);
}, 40_000);

test('one that went away, and one whose clock is wrong: exit code 1, and both are named', async () => {
  const north = await gate('north');
  await gate('south', 60_000);
  await fleetUntil(() => said().gates.length === 2);
  await north.stop();
  gates = gates.filter((one) => one !== north);
  expect(await fleetUntil(() => said().gates[0]?.differs[0] === 'it is offline')).toBe(1);
  expect(said().gates).toMatchObject([
    { gate: 'north', status: 'offline', differs: ['it is offline'] },
    { gate: 'south', differs: [expect.stringMatching(/its clock is (59\.\d|60\.\d) s ahead/)] },
  ]);
}, 60_000);

test('a broker that is out of reach: KAIMON_MQTT_DOWN, which ends with 4', async () => {
  const broker = `mqtt://127.0.0.1:${await freePort()}`;
  await expect(fleet({ broker })).rejects.toMatchObject({ code: 'KAIMON_MQTT_DOWN', trouble: 'environment' });
});

test('without a broker in the configuration and in the options it is wrong use', async () => {
  const config = join(mkdtempSync(join(tmpdir(), 'kaimon-fleet-')), 'kaimon.yaml');
  writeFileSync(config, 'site: home\n');
  await expect(fleet({ broker: undefined, config })).rejects.toMatchObject({ code: 'KAIMON_USAGE' });
});

test('a site that nobody has heard of: exit code 1', async () => {
  expect(await fleet({ site: 'elsewhere' })).toBe(1);
  expect(said()).toMatchObject({ ok: false, gates: [] });
});

test('rubbish that stands in place of a gate is shown as one that cannot be read, and stops nothing', async () => {
  const link = mqttLink(configFor(mosquitto.url), 'liar');
  link.start();
  const { state, info } = topicsOf({ site: 'home', gate: 'liar' });
  const kept = { retain: true, qos: 1 } as const;
  await link.publish(state, JSON.stringify({ status: 'online', problems: ['\x1b[2J'.repeat(500)] }), kept);
  await link.publish(info, '{"version":{}}', kept);
  await gate('north');
  await fleetUntil(() => said().gates.length === 2);
  expect(said().gates[0]).toMatchObject({ gate: 'liar', status: 'unknown', version: null });
  await link.end();
}, 40_000);

test('what a gate says of itself cannot write on the screen what it likes', async () => {
  const link = mqttLink(configFor(mosquitto.url), 'liar');
  link.start();
  const { state } = topicsOf({ site: 'home', gate: 'liar' });
  const kept = { retain: true, qos: 1 } as const;
  await link.publish(state, JSON.stringify({ status: 'degraded', problems: ['\x1b[2Jall is well\r\n'] }), kept);
  await fleet({ json: false });
  expect(printed).toContain('[2Jall is well');
  expect(printed.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  await link.end();
}, 40_000);

test('--watch tells each change, and ends with what is so then', async () => {
  const north = await gate('north');
  await fleetUntil(() => said().ok);
  printed = '';
  const ctrlC = new AbortController();
  const lines = () => printed.split('\n').filter((line) => line !== '');
  const running = runFleet({ broker: mosquitto.url, site: 'home', json: true, watch: true }, ctrlC.signal);
  await until('it has told the first time', () => lines().length === 1);
  north.people.put(person('ada', version(1)));
  await until('it has told of Ada', () => lines().length === 2);
  ctrlC.abort();
  expect(await running).toBe(0);
  expect(lines().map((line) => JSON.parse(line).gates[0].people.count)).toEqual([0, 1]);
}, 40_000);
