import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SimulatedGpio } from '../../../src/door/gpio/simulated-gpio.js';
import { silentLog } from '../../../src/kit/log.js';
import { homeAssistantTopics } from '../../../src/site/home-assistant/topics.js';
import { topicsOf } from '../../../src/site/topics.js';
import { given } from '../../config/given.js';
import { discard, notReady, ROOT, SAMPLES, scratch } from '../../scenario/harness.js';
import { configFor, mqttLink, Watcher } from '../harness.js';
import { type Mosquitto, startMosquitto } from '../mosquitto.js';
import { until } from '../until.js';
import { open } from './harness.js';

const page = (name: string) => readFileSync(fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url)), 'utf8');
const blockOf = (text: string, begin: string) =>
  new RegExp(`\`\`\`\\w*\\n(${begin}.*?)\`\`\``, 's').exec(text)?.[1] ?? '';
const FIXTURES = '../../fixtures/home-assistant';
const golden = (name: string) => join(FIXTURES, name);
const topics = homeAssistantTopics(open.device);
const [RELAY, CONTACT, TAMPER, FIRE] = [17, 22, 23, 27];
const once = { retain: false, qos: 1 } as const;

/** The compiled gate, whose eye is a program of its own. */
const built = async () => {
  const main: typeof import('../../../src/main.js') = await import(join(ROOT, 'dist/main.js'));
  const gpio: typeof import('../../../src/door/gpio/simulated-gpio.js') = await import(
    join(ROOT, 'dist/door/gpio/simulated-gpio.js')
  );
  return { startGate: main.startGate, SimulatedGpio: gpio.SimulatedGpio };
};

/** The chip that the gate drives its relay through. */
function chipInUse(prototype: SimulatedGpio): () => SimulatedGpio | undefined {
  let used: SimulatedGpio | undefined;
  const { output } = prototype;
  vi.spyOn(prototype, 'output').mockImplementation(function (this: SimulatedGpio, ...args) {
    used = this;
    return output.apply(this, args);
  });
  return () => used;
}

let folder: string;
let mosquitto: Mosquitto;
let watcher: Watcher;
let stranger: Watcher;

beforeEach(async () => {
  folder = scratch();
  chmodSync(folder, 0o755);
  // Exactly the access list that the page prints.
  const list = blockOf(page('home-assistant.md'), 'user office');
  expect(list).toContain('user home-assistant');
  writeFileSync(join(folder, 'acl'), list);
  mosquitto = await startMosquitto([`acl_file ${join(folder, 'acl')}`]);
  const as = (username: string) => mqttLink(configFor(mosquitto.url, { username, clientId: username }), username);
  watcher = await new Watcher(as('home-assistant')).watch(['homeassistant/#', 'kaimon/#']);
  stranger = await new Watcher(as('stranger')).watch(['homeassistant/#', 'kaimon/#']);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await watcher.link.end();
  await stranger.link.end();
  await mosquitto.stop();
  discard(folder);
});

const paths = () => ({ state: join(folder, 'state'), cache: join(folder, 'cache'), run: join(folder, 'run') });
/** The configuration that the page prints, at the test's broker, with a door on simulated wires. */
function configOf(homeAssistant: string) {
  const printed = blockOf(page('home-assistant.md'), 'site: home');
  expect(printed).toContain('homeAssistant:\n  enabled: true\n');
  const here = printed
    .replace(/url: .*/, `url: ${mosquitto.url}`)
    .replace('homeAssistant:\n  enabled: true\n', `homeAssistant: ${homeAssistant}\n`);
  return given(`${here}
camera: { kind: replay, path: ${SAMPLES} }
greeting: { speak: false }
access: { clock: unchecked }
door:
  kind: gpio
  gpio: { backend: simulated }
  pulseMs: 30000
  relay: { line: ${RELAY} }
  contact: { line: ${CONTACT}, activeLevel: high }
  tamper: { line: ${TAMPER}, activeLevel: high }
  fire: { line: ${FIRE}, activeLevel: high }
`).config;
}

const latest = (topic: string) => watcher.received.filter((packet) => packet.topic === topic).at(-1)?.payload;
const document = (topic: string) => {
  const payload = latest(topic);
  return payload?.byteLength ? (JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>) : undefined;
};
const command = (word: string) => JSON.stringify({ command: word, at: Date.now() / 1000 });
/** A message as a golden file: the version of the day is left out. */
const pretty = (message: unknown) =>
  `${JSON.stringify(message, null, 2).replace(/"sw": "[^"]*"/g, '"sw": "VERSION"')}\n`;

describe.skipIf(notReady)('a daemon at a real broker, with the access lists of the pages', () => {
  test('shows itself, does what it is asked for, and is taken out when switched off', async () => {
    const { startGate, SimulatedGpio } = await built();
    const chip = chipInUse(SimulatedGpio.prototype);
    const relay = () => chip()?.level(RELAY) === true;
    const all = configOf(
      '{ enabled: true, names: true, commands: [lock, unlock, open], picture: without-faces, pictureSeconds: 5 }',
    );
    const gate = await startGate(all, paths(), silentLog);
    await until('it is discovered', () => document(topics.config) !== undefined);
    await expect(pretty(document(topics.config))).toMatchFileSnapshot(golden('discovery-everything.json'));
    await until('its door is there', () => document(topics.state)?.['lock'] === 'LOCKED');
    await until('its camera is there', () => JSON.stringify(document(topics.state)).includes('"camera":"online"'), 30);
    expect(document(topicsOf(open.device).state)).toMatchObject({ status: expect.stringMatching(/online|degraded/) });
    const fixed = { ...document(topics.state), fps: null, problem: 'OFF', problems: [], person: null, person_more: {} };
    await expect(pretty(fixed)).toMatchFileSnapshot(golden('state.json'));

    // Again and again: what comes in the first moments of a connection is refused.
    let asked = 0;
    await until('the door opens', () => {
      if (Date.now() - asked > 300) {
        asked = Date.now();
        void watcher.link.publish(topics.command, command('OPEN'), once);
      }
      return relay();
    });
    await until('it says so', () => document(topics.state)?.['lock'] === 'UNLOCKED');
    await watcher.link.publish(topics.command, command('LOCK'), once);
    await until('the door locks', () => !relay());
    await until('it says so', () => document(topics.state)?.['lock'] === 'LOCKED');

    const results = () => watcher.on(topics.result) as { event_type: string; command: string | null; code?: string }[];
    await watcher.link.publish(topics.command, command('OPEN'), { retain: true, qos: 1 });
    await until('the retained one is refused', () => results().some(({ code }) => code === 'retained'));
    await watcher.link.publish(topics.command, '', { retain: true, qos: 1 });
    const uninvited = stranger.link.publish(topics.command, command('OPEN'), once);
    await expect(uninvited).rejects.toMatchObject({ code: 'KAIMON_MQTT_REFUSED' });
    expect(relay()).toBe(false);

    chip()?.set(TAMPER, true);
    await until('the tamper contact is told', () => document(topics.state)?.['tamper'] === 'ON');
    await until('a picture comes', () => latest(topics.picture) !== undefined, 20);
    expect(Buffer.from(latest(topics.picture) ?? []).subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));

    // Home Assistant sees neither people nor the events with their names, and the stranger nothing at all.
    const office = mqttLink(configFor(mosquitto.url, { username: 'office', clientId: 'office' }), 'office');
    const seen = await new Watcher(office).watch(['kaimon/#']);
    await office.publish('kaimon/home/people/p-1', '{}', { retain: true, qos: 1 });
    await until('the office sees an event', () => seen.on(topicsOf(open.device).event).length > 0);
    await office.end();
    const allowed = /^(homeassistant\/.*|kaimon\/home\/gates\/north\/(state|home-assistant\/\w+))$/;
    expect(watcher.received.map(({ topic }) => topic).filter((topic) => !allowed.test(topic))).toEqual([]);
    expect(stranger.received).toEqual([]);
    expect(gate.state().warnings.filter((text) => /^(home-assistant|unsigned)/.test(text))).toEqual([
      expect.stringMatching(/^unsigned: /),
      expect.stringMatching(/^unsigned-commands: .*homeAssistant\.commands: unlock, open/),
    ]);
    await gate.stop();
    // Who asked can be erased, so it stands beside the chain.
    const journal = join(paths().state, 'journal');
    const kept = readdirSync(journal, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const text = kept.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');
    expect(text).toContain('"type":"opened"');
    expect(text).toContain('"by":"home-assistant"');
    await until('it is offline', () => document(topicsOf(open.device).state)?.['status'] === 'offline');

    const little = await startGate(configOf('{ enabled: true }'), paths(), silentLog);
    await until('less is offered', () => JSON.stringify(document(topics.config)).includes('"bolt":{"~"'));
    await expect(pretty(document(topics.config))).toMatchFileSnapshot(golden('discovery-default.json'));
    await little.stop();

    const off = await startGate(configOf('{ enabled: false }'), paths(), silentLog);
    await until(
      'it is taken out',
      () => latest(topics.config)?.byteLength === 0 && latest(topics.state)?.byteLength === 0,
      20,
    );
    await off.stop();
    expect(JSON.parse(readFileSync(join(paths().state, 'home-assistant.json'), 'utf8'))).toEqual({
      schema: 1,
      devices: [],
    });
  }, 120_000);
});
