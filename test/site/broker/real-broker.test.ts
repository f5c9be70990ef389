import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/kit/log.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { offlineWill } from '../../../src/site/leave-site.js';
import type { LinkConfig } from '../../../src/site/link/link.js';
import { MqttLink } from '../../../src/site/link/mqtt-link.js';
import { topicsOf } from '../../../src/site/topics.js';
import { fastClock } from '../../support/fast-clock.js';
import { configFor, type Gate, gateOver, mqttLink, Watcher } from '../harness.js';
import { tcpProxy } from '../link/tcp-proxy.js';
import { type Mosquitto, startMosquitto } from '../mosquitto.js';
import { person, version } from '../sync/memory-people.js';
import { until } from '../until.js';
import { fakeBroker } from './fake-broker.js';

const topics = topicsOf({ site: 'home', gate: 'north' });
const fast = fastClock(20);
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function broker(...lines: readonly string[]): Promise<Mosquitto> {
  const mosquitto = await startMosquitto(lines);
  ends.push(() => mosquitto.stop());
  return mosquitto;
}
interface Given {
  readonly config?: Partial<LinkConfig>;
  readonly machine?: string;
}
let boots = 0;
/** A gate called north on a machine of its own, for which time passes twenty times as fast. */
function north(url: string, { config = {}, machine = `machine ${boots}` }: Given = {}): Gate {
  const link = mqttLink(configFor(url, config), 'north', fast);
  const gate = gateOver(link, 'north', {}, undefined, fast, { instance: { machine, boot: `boot ${boots++}` } });
  ends.push(gate.stop);
  return gate;
}
const has = ({ site }: Gate, word: string) => site.problems.some((problem) => problem.startsWith(`${word}:`));
const problemOf = ({ site }: Gate, word: string) => site.problems.find((problem) => problem.startsWith(`${word}:`));
async function watcherOf(url: string, config: Partial<LinkConfig> = {}): Promise<Watcher> {
  const watcher = new Watcher(mqttLink(configFor(url, { clientId: 'watcher', ...config }), 'watcher'));
  ends.push(() => watcher.link.end());
  return watcher.watch(['kaimon/#']);
}
const statesOf = (watcher: Watcher) => watcher.on(topics.state) as { status: string; problems?: string[] }[];
const online = (watcher: Watcher) => until('the gate is online', () => statesOf(watcher).at(-1)?.status === 'online');

describe.each([5, 4] as const)('two gates of one name, MQTT protocol %i', (protocol) => {
  test.each([
    ['the same client id', undefined, undefined],
    ['client ids of their own', 'one', 'two'],
  ])(
    'with %s both notice, and say it in the state',
    async (_what, one, two) => {
      const { url } = await broker();
      const watcher = await watcherOf(url);
      const first = north(url, { config: { protocol, clientId: one } });
      await online(watcher);
      const second = north(url, { config: { protocol, clientId: two } });
      await until('both notice', () => has(first, 'name-twice') && has(second, 'name-twice'), 30);
      const told = () =>
        statesOf(watcher).some(({ problems = [] }) => problems.some((text) => text.startsWith('name-twice')));
      await until('the state says so', told);
    },
    60_000,
  );

  test('the same gate again, killed and started many times, is not taken for two', async () => {
    const { url, port } = await broker();
    const watcher = await watcherOf(url);
    const gates: Gate[] = [];
    for (let i = 0; i < 4; i++) {
      const proxy = await tcpProxy(port);
      ends.push(proxy.close);
      const before = watcher.on(topics.info).length;
      const gate = north(`mqtt://127.0.0.1:${proxy.port}`, { config: { protocol }, machine: 'the same' });
      gates.push(gate);
      await until('its info is there', () => watcher.on(topics.info).length > before);
      // Twice the line, then the process.
      proxy.cut();
      await until('it is back', () => watcher.on(topics.info).length > before + 1);
      proxy.cut();
      gate.site.stop();
      await gate.stop();
    }
    expect(gates.flatMap(({ site }) => site.problems.filter((text) => text.startsWith('name-twice')))).toEqual([]);
  }, 60_000);
});

test('a broker that lost its store is noticed and filled again, and told once', async () => {
  const mosquitto = await broker();
  const proxy = await tcpProxy(mosquitto.port);
  ends.push(proxy.close);
  const gate = north(`mqtt://127.0.0.1:${proxy.port}`);
  const before = await watcherOf(mosquitto.url);
  gate.people.put(person('ada', version(1)));
  await until('Ada is at the broker', () => before.on(topics.person('ada')).length > 0);
  // The event is sent once, to whoever is there: the gate comes back after the one who listens.
  proxy.refuse(true);
  await mosquitto.kill();
  await mosquitto.restart();
  const watcher = await watcherOf(mosquitto.url, { clientId: 'again' });
  proxy.refuse(false);
  await until('it is noticed', () => has(gate, 'broker-forgot'));
  expect(problemOf(gate, 'broker-forgot')).toContain('persistence true');
  await until('Ada is there again', () => watcher.on(topics.person('ada')).length > 0);
  await until('the event is there', () => watcher.on(topics.event).length > 0);
  expect(watcher.on(topics.event)).toMatchObject([{ type: 'broker-forgot' }]);
}, 30_000);

test('a broker that kept everything over a broken line has not lost its store', async () => {
  const { port, url } = await broker();
  const proxy = await tcpProxy(port);
  ends.push(proxy.close);
  const watcher = await watcherOf(url);
  const gate = north(`mqtt://127.0.0.1:${proxy.port}`);
  for (let connection = 1; connection <= 3; connection++) {
    const here = () => watcher.on(topics.info).some((info) => instanceOf(info).connection === connection);
    await until('its info is there', here);
    // Long enough, by the gate's clock, to judge.
    const end = fast.monotonic() + 8_000;
    await until('it has judged', () => fast.monotonic() > end);
    expect(gate.site.problems).toEqual([]);
    proxy.cut();
  }
}, 30_000);

const instanceOf = (info: unknown) => (info as { instance: { connection: number } }).instance;

describe('an access list that does not let a gate', () => {
  const withList = async (...lines: readonly string[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'kaimon-acl-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'acl'), `${lines.join('\n')}\n`);
    return broker(`acl_file ${join(folder, 'acl')}`);
  };

  test('publish events: the topic is named (MQTT 5), and what it may do goes on', async () => {
    const { url } = await withList(
      'user north',
      'topic deny kaimon/home/gates/north/event',
      'topic readwrite kaimon/#',
      'user watcher',
      'topic write kaimon/home/gates/watcher/state',
      'topic read kaimon/#',
    );
    const watcher = await watcherOf(url, { username: 'watcher' });
    const gate = north(url, { config: { username: 'north' } });
    gate.outbox.add('granted');
    await until('it is told', () => has(gate, 'broker-refuses'));
    expect(problemOf(gate, 'broker-refuses')).toMatch(/gates\/north\/event.*access list/);
    await until('the state says so', () => statesOf(watcher).some(({ problems = [] }) => problems.length > 0));
  }, 30_000);

  test.each([5, 4] as const)(
    'read what it publishes, MQTT protocol %i: it is told',
    async (protocol) => {
      const { url } = await withList('user north', 'topic write kaimon/#');
      const gate = north(url, { config: { username: 'north', protocol } });
      await until('it is told', () => has(gate, 'broker-unheard'));
      expect(problemOf(gate, 'broker-unheard')).toContain(topics.info);
    },
    30_000,
  );

  test('publish anything but its state, with 3.1.1, where Mosquitto 2.0.11 closes instead of refusing: it is told', async () => {
    const { url } = await withList('user north', `topic readwrite ${topics.state}`, 'topic read kaimon/#');
    const gate = north(url, { config: { username: 'north', protocol: 4 } });
    await until('it is told', () => gate.site.problems.some((text) => text.includes('access list')));
  }, 30_000);
});

describe('a broker that takes too little', () => {
  test('for a photo, MQTT 5, is told at the greeting', async () => {
    const { url } = await broker('max_packet_size 1000000');
    const gate = north(url);
    await until('it is told', () => has(gate, 'broker-small'));
    expect(problemOf(gate, 'broker-small')).toContain('max_packet_size 8454144');
  });

  test.each([
    ['MQTT 5, which tells', 5, 'max_packet_size 20000'],
    ['MQTT 5, in a way that the client cannot read', 5, 'message_size_limit 20000'],
    ['MQTT 3.1.1, which only closes', 4, 'max_packet_size 20000'],
  ] as const)(
    'for a message of this gate, %s: that one is refused and named, and the others arrive',
    async (_what, protocol, line) => {
      const { url } = await broker(line);
      const link = new MqttLink({
        config: configFor(url, { protocol }),
        names: { site: 'home', gate: 'north' },
        will: offlineWill({ site: 'home', gate: 'north' }),
        clock: systemClock,
        log: silentLog,
        random: () => 0,
      });
      ends.push(() => link.end());
      link.start();
      const once = { retain: false, qos: 1 } as const;
      const large = () => link.publish('kaimon/home/people/ada', Buffer.alloc(40_000), once);
      const refused = { code: 'KAIMON_MQTT_REFUSED', message: expect.stringMatching(/40000 bytes.*max_packet_size/) };
      await expect(large()).rejects.toMatchObject(refused);
      await link.publish('t', 'small', once);
      // Once learned it costs no connection.
      let lost = 0;
      link.onDown(() => lost++);
      await expect(large()).rejects.toMatchObject(refused);
      await link.publish('t', 'small', once);
      expect(lost).toBe(0);
    },
    30_000,
  );
});

describe('a broker that hangs', () => {
  test('before it greets is named: it takes the connection and does not answer', async () => {
    const mosquitto = await broker();
    mosquitto.pause();
    ends.push(() => mosquitto.resume());
    const gate = north(mosquitto.url);
    await until('it is named', () => gate.site.problems.some((text) => text.includes('does not answer: it hangs')), 30);
  }, 40_000);

  test('and acknowledges nothing more is left, and named', async () => {
    const silent = await fakeBroker(() => undefined);
    ends.push(silent.close);
    const link = mqttLink(configFor(silent.url, { protocol: 5 }), 'north', fast);
    ends.push(() => link.end());
    const down = new Promise<string>((resolve) => link.onDown(resolve));
    link.start();
    await expect(link.publish('t', 'x', { retain: false, qos: 1 })).rejects.toMatchObject({
      code: 'KAIMON_MQTT_TIMEOUT',
    });
    expect(await down).toMatch(/acknowledged nothing for 60 s: it hangs or is overloaded/);
    await until('it is tried again', () => silent.greeted() > 1);
  }, 30_000);
});

test.each([
  [151, /quota/],
  [135, /access list/],
] as const)(
  'a broker that refuses with code %i is named in the state with what to do',
  async (code, says) => {
    const refusing = await fakeBroker((topic) => (topic.endsWith('/event') ? code : 0));
    ends.push(refusing.close);
    const gate = north(refusing.url, { config: { protocol: 5 } });
    gate.outbox.add('granted');
    await until('it is told', () => has(gate, 'broker-refuses'));
    expect(problemOf(gate, 'broker-refuses')).toMatch(says);
    expect(problemOf(gate, 'broker-refuses')).toContain(topics.event);
  },
  30_000,
);

test('a broker that ends each connection at once is a named problem, and is asked ever more seldom', async () => {
  const { url } = await broker('max_connections 1');
  const watcher = await watcherOf(url);
  const gate = north(url);
  await until('it is named', () => gate.site.problems.some((text) => text.includes('too many clients')), 30);
  expect(watcher.link.up).toBe(true);
}, 40_000);
