import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runFleet } from '../../../src/cli/fleet.js';
import { configSchema } from '../../../src/config/config.js';
import { parseYaml } from '../../../src/config/yaml.js';
import { silentLog } from '../../../src/kit/log.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import type { PublishOptions } from '../../../src/site/link/link.js';
import { MqttLink } from '../../../src/site/link/mqtt-link.js';
import { topicsOf } from '../../../src/site/topics.js';
import { nextPacket, nextUp } from '../../contract/link.contract.js';
import { configFor, type Gate, gateOver, mqttLink, request, Watcher } from '../harness.js';
import { type Mosquitto, startMosquitto } from '../mosquitto.js';
import { person, version } from '../sync/memory-people.js';
import { until } from '../until.js';

const page = readFileSync(new URL('../../../docs/mqtt.md', import.meta.url), 'utf8');
/** The first block of the page below a heading, in a language or in none. */
function block(heading: string, language: string): string {
  const below = page.slice(page.indexOf(`\n## ${heading}\n`));
  const found = [...below.matchAll(/^```(\w*)\n(.*?)^```$/gms)].find(([, of]) => of === language)?.[2];
  if (found === undefined) throw new Error(`the page has no ${language} below ${heading}`);
  return found;
}

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl) console.warn("openssl is missing: the page's certificates and access list are not tried");

const ROLES = ['office', 'guard', 'reader', 'homeassistant'] as const;
type Role = (typeof ROLES)[number];
const topics = topicsOf({ site: 'home', gate: 'north' });
const once: PublishOptions = { retain: false, qos: 1 };
let folder: string;
let mosquitto: Mosquitto;
let gates: Gate[] = [];
const clients = new Map<string, Watcher>();
const file = (name: string) => join(folder, name);

const configOf = (name: string) =>
  configFor(`mqtts://localhost:${mosquitto.port}`, {
    caFile: file('ca.crt'),
    certFile: file(`${name}.crt`),
    keyFile: file(`${name}.key`),
    clientId: name,
  });
const linkOf = (name: string) =>
  new MqttLink({
    config: configOf(name),
    names: { site: 'home', gate: name },
    clock: systemClock,
    log: silentLog,
    random: () => 1,
  });
const clientOf = (name: Role): Watcher => {
  const client = clients.get(name);
  if (!client) throw new Error(`no client is called ${name}`);
  return client;
};
/** The word for what the broker says to a publish. */
const publish = (name: Role, topic: string, payload: string | Uint8Array = 'x', options = once) =>
  clientOf(name)
    .link.publish(topic, payload, options)
    .then(
      () => 'taken',
      (error) => error.code,
    );

test("the page's broker for one machine is one with which a gate has no problem", async () => {
  const lines = block('The broker', '')
    .split('\n')
    .filter((line) => line !== '' && !/^(#|listener)/.test(line));
  expect(lines).toContain('max_queued_messages 1000000');
  const broker = await startMosquitto(lines);
  const gate = gateOver(mqttLink(configFor(broker.url), 'north'), 'north');
  const watcher = new Watcher(mqttLink(configFor(broker.url, { clientId: 'watcher' }), 'watcher'));
  await watcher.watch(['kaimon/#']);
  await until('its info is there', () => watcher.on(topics.info).length > 0);
  expect(gate.site.problems).toEqual([]);
  await gate.stop();
  await watcher.link.end();
  await broker.stop();
});

describe.skipIf(!openssl)("the page's certificates, broker and access list", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaimon-page-'));
    const made = spawnSync('bash', ['-euo', 'pipefail', '-c', block('TLS', 'sh')], { cwd: folder });
    if (made.status !== 0) throw new Error(made.stderr.toString());
    chmodSync(folder, 0o755);
    chmodSync(file('localhost.key'), 0o644);
    writeFileSync(file('acl'), block('Who may do what', ''));
    const lines = block('TLS', '')
      .replaceAll('/etc/mosquitto/certs', folder)
      .replace('/etc/mosquitto/kaimon.acl', file('acl'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('listener'));
    mosquitto = await startMosquitto(lines);
    gates = ['north', 'south'].map((name) => gateOver(mqttLink(configOf(name), name), name));
    for (const name of ROLES) clients.set(name, await new Watcher(linkOf(name)).watch(['kaimon/#', 'homeassistant/#']));
    const reader = clientOf('reader');
    await until('both gates are online', () => gates.every(({ site }) => site.connected));
    await until('they say so', () => reader.on(topics.state).length > 0 && reader.on(topics.info).length > 0);
  }, 30_000);
  afterAll(async () => {
    for (const gate of gates) await gate.stop();
    for (const { link } of clients.values()) await link.end();
    await mosquitto.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the gate's configuration is one, and names what the commands made", () => {
    const { mqtt } = configSchema.parse(parseYaml(block('TLS', 'yaml'), 'kaimon.yaml').tree);
    expect(mqtt).toMatchObject({ enabled: true, url: 'mqtts://localhost:8883' });
    expect(mqtt.certFile).toContain('north.crt');
  });

  const verbs = [
    'enroll',
    'remove',
    'people',
    'forgive',
    'open',
    'lock',
    'mode',
    'ping',
    'snapshot',
    'verify',
    'journal',
  ] as const;
  const allowed: Readonly<Record<Role, readonly string[]>> = {
    office: ['enroll', 'remove', 'people', 'forgive', 'ping', 'verify', 'journal'],
    guard: ['open', 'lock', 'mode', 'ping', 'snapshot'],
    reader: ['ping'],
    homeassistant: [],
  };
  const args: Readonly<Record<string, object>> = {
    enroll: { name: 'Ada', from: 'camera' },
    remove: { id: 'ada' },
    forgive: { id: 'ada' },
    mode: { mode: 'normal' },
    verify: { id: 'ada', from: 'camera' },
    journal: { from: 1 },
  };

  test.each(ROLES.flatMap((role) => verbs.map((verb) => [role, verb] as const)))('%s and %s', async (role, verb) => {
    const may = allowed[role].includes(verb);
    const asked = request(args[verb] ?? {}, { by: `${role} ${verb}` });
    const responseTopic = `kaimon/home/response/${role}/${asked.id}`;
    const said = await publish(role, topics.request(verb), JSON.stringify(asked), { ...once, responseTopic });
    expect(said).toBe(may ? 'taken' : 'KAIMON_MQTT_REFUSED');
    if (may) {
      const answers = () => clientOf(role).on(responseTopic);
      await until('the answer is there', () => answers().length > 0);
      expect(answers()).toMatchObject([{ ok: true }]);
    }
    const done = gates[0]?.calls.filter(({ context }) => context.by === asked.by).map((call) => call.verb);
    expect(done).toEqual(may ? [verb] : []);
  });

  test('the reader may do what kaimon fleet does', async () => {
    const print = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const tls = { caFile: file('ca.crt'), certFile: file('reader.crt'), keyFile: file('reader.key') };
    const options = { broker: `mqtts://localhost:${mosquitto.port}`, site: 'home', json: true, ...tls };
    await runFleet(options, new AbortController().signal);
    const said = JSON.parse(print.mock.calls.map(([text]) => String(text)).join(''));
    print.mockRestore();
    expect(said.gates).toMatchObject([
      { gate: 'north', status: 'online', people: {} },
      { gate: 'south', status: 'online', people: {} },
    ]);
    // These gates answer without a time; what matters is that they were asked and that the answer arrived.
    expect(said.notes).toEqual([expect.stringMatching(/does not say its time/)]);
  });

  test('nobody may ask the whole site to open', async () => {
    for (const role of ROLES)
      expect(await publish(role, topics.siteRequest('open'), JSON.stringify(request()))).toBe('KAIMON_MQTT_REFUSED');
  });

  test('gates share people, and nobody else can put one there or read one', async () => {
    gates[0]?.people.put(person('grace', version(2)));
    await until('south knows Grace', () => gates[1]?.people.get('grace') !== undefined);
    for (const role of ROLES) {
      expect(await publish(role, topics.person('mallory'), '{}', { retain: true, qos: 1 })).toBe('KAIMON_MQTT_REFUSED');
      expect(clientOf(role).received.filter(({ topic }) => topic.includes('/people/'))).toEqual([]);
    }
  });

  test('events, with names, reach office and guard; state reaches all', async () => {
    gates[0]?.outbox.add('granted', { person: 'ada' });
    for (const role of ['office', 'guard'] as const)
      await until('the event is there', () => clientOf(role).on(topics.event).length > 0);
    for (const role of ['reader', 'homeassistant'] as const) expect(clientOf(role).on(topics.event)).toEqual([]);
    for (const role of ROLES) expect(clientOf(role).on(topics.state).length).toBeGreaterThan(0);
  });

  test('nobody speaks for a gate, and no gate for another', async () => {
    const forged = JSON.stringify({ status: 'online' });
    for (const role of ROLES)
      for (const topic of [topics.state, topics.info, topics.event])
        expect(await publish(role, topic, forged)).toBe('KAIMON_MQTT_REFUSED');
    const asSouth = new MqttLink({
      config: { ...configOf('south'), clientId: 'south-too' },
      names: { site: 'home', gate: 'south' },
      clock: systemClock,
      log: silentLog,
    });
    const up = nextUp(asSouth);
    asSouth.start();
    await up;
    await expect(asSouth.publish(topics.state, forged, once)).rejects.toMatchObject({ code: 'KAIMON_MQTT_REFUSED' });
    await expect(asSouth.publish(topics.request('open'), '{}', once)).rejects.toMatchObject({
      code: 'KAIMON_MQTT_REFUSED',
    });
    await asSouth.end();
  });

  test('Home Assistant has its own topics, and a gate writes its discovery there', async () => {
    const command = 'kaimon/home/gates/north/home-assistant/command';
    expect(await publish('homeassistant', command)).toBe('taken');
    for (const role of ['office', 'guard', 'reader'] as const)
      expect(await publish(role, command)).toBe('KAIMON_MQTT_REFUSED');
    const link = new MqttLink({
      config: { ...configOf('north'), clientId: 'north-too' },
      names: { site: 'home', gate: 'north' },
      clock: systemClock,
      log: silentLog,
    });
    const up = nextUp(link);
    link.start();
    await up;
    const config = nextPacket(clientOf('homeassistant').link, ({ topic }) => topic.startsWith('homeassistant/device/'));
    await link.publish('homeassistant/device/kaimon-home/north/config', '{}', once);
    await config;
    await link.end();
  });

  test('neither a stranger without a certificate nor one with a name of his own choice gets in', async () => {
    const { certFile, keyFile, ...nobody } = configOf('nobody');
    const link = new MqttLink({
      config: { ...nobody, username: 'north' },
      names: { site: 'home', gate: 'north' },
      clock: systemClock,
      log: silentLog,
    });
    link.start();
    await until('it is refused', () => link.trouble !== undefined);
    expect(link.up).toBe(false);
    expect(link.trouble).toContain('mqtt.certFile');
    await link.end();
  });

  test('a certificate that is renewed on the disk is taken at the next connect', async () => {
    const config = configOf('office');
    const [certFile, keyFile] = [file('renewed.crt'), file('renewed.key')];
    writeFileSync(certFile, 'not yet');
    writeFileSync(keyFile, 'not yet');
    const link = new MqttLink({
      config: { ...config, certFile, keyFile, clientId: 'renewed' },
      names: { site: 'home', gate: 'office' },
      clock: systemClock,
      log: silentLog,
      random: () => 0,
    });
    link.start();
    await until('it cannot be used', () => link.trouble !== undefined);
    writeFileSync(certFile, readFileSync(file('office.crt')));
    writeFileSync(keyFile, readFileSync(file('office.key')));
    await until('it is taken', () => link.up);
    await link.end();
  }, 20_000);
});
