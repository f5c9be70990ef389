import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PublishOptions } from '../../src/site/link/link.js';
import { topicsOf } from '../../src/site/topics.js';
import { configFor, type Gate, gateOver, mqttLink, request, Watcher } from './harness.js';
import { type TcpProxy, tcpProxy } from './link/tcp-proxy.js';
import { type Mosquitto, startMosquitto } from './mosquitto.js';
import { person, version } from './sync/memory-people.js';
import { until } from './until.js';

const topics = topicsOf({ site: 'home', gate: 'north' });
const once: PublishOptions = { retain: false, qos: 1 };
let mosquitto: Mosquitto;
let watcher: Watcher;
let gates: Gate[];
let wires: TcpProxy[];

function gate(name: string, port = mosquitto.port): Gate {
  const made = gateOver(mqttLink(configFor(`mqtt://127.0.0.1:${port}`), name), name);
  gates.push(made);
  return made;
}
const statuses = () => watcher.on(topics.state).map((state) => (state as { status: string }).status);
const isOnline = () => until('the gate is online', () => statuses().at(-1) === 'online');
const answered = async (id: string) => {
  await until('the request is answered', () => watcher.answer(id) !== undefined);
  return watcher.answer(id);
};
const refusedAs = (code: string) => ({ ok: false, error: { code } });

beforeEach(async () => {
  mosquitto = await startMosquitto();
  gates = [];
  wires = [];
  const link = mqttLink(configFor(mosquitto.url, { clientId: 'watcher' }), 'watcher');
  watcher = await new Watcher(link).watch(['kaimon/#']);
});
afterEach(async () => {
  for (const one of gates) await one.stop();
  await watcher.link.end();
  for (const wire of wires) await wire.close();
  await mosquitto.stop();
});

describe('a request', () => {
  test('sent by mosquitto_pub enrols a person with a photo of a megabyte', async () => {
    const { calls } = gate('north');
    await isOnline();
    const photo = Buffer.alloc(1_000_000, 7);
    photo.set([0xff, 0xd8, 0xff]);
    const asked = request({ name: 'Ada', groups: ['staff'], photo: photo.toString('base64') });
    const sent = spawnSync(
      'mosquitto_pub',
      ['-p', String(mosquitto.port), '-q', '1', '-t', topics.request('enroll'), '-s'],
      {
        input: JSON.stringify(asked),
      },
    );
    expect(sent.status).toBe(0);
    expect(await answered(asked.id)).toMatchObject({ ok: true });
    const arrived = calls.map(({ args }) => (args as { photo: Uint8Array }).photo);
    expect(arrived.map((bytes) => Buffer.compare(bytes, photo))).toEqual([0]);
  });

  test('of MQTT 5 may be the photo itself, with the envelope in user properties', async () => {
    const { calls } = gate('north');
    await isOnline();
    const id = randomUUID();
    const { time, expires } = request();
    await watcher.link.publish(topics.request('enroll'), Buffer.from([0xff, 0xd8, 0xff, 0xe0]), {
      ...once,
      properties: { v: '1', id, time, expires, by: 'desk', name: 'Ada' },
    });
    expect(await answered(id)).toMatchObject({ ok: true });
    expect(calls[0]?.args).toMatchObject({ name: 'Ada' });
  });

  test('that is retained does nothing and says so, also after a reconnect', async () => {
    const early = request();
    await watcher.link.publish(topics.request('open'), JSON.stringify(early), { retain: true, qos: 1 });
    const { calls } = gate('north');
    expect(await answered(early.id)).toMatchObject(refusedAs('retained'));
    const late = request();
    await watcher.link.publish(topics.request('open'), JSON.stringify(late), { retain: true, qos: 1 });
    expect(await answered(late.id)).toMatchObject(refusedAs('retained'));
    expect(calls).toEqual([]);
  });

  test('that is repeated is done once', async () => {
    const { calls } = gate('north');
    await isOnline();
    const asked = request();
    for (let i = 0; i < 3; i++) await watcher.link.publish(topics.request('open'), JSON.stringify(asked), once);
    await until('all three are answered', () => watcher.on(topics.response(asked.id)).length === 3);
    const codes = watcher
      .on(topics.response(asked.id))
      .map((answer) => (answer as { error?: { code: string } }).error?.code);
    // Refusals need no work, so they may arrive before the answer.
    expect(codes.sort()).toEqual(['replayed', 'replayed', undefined]);
    expect(calls).toHaveLength(1);
  });

  test('that is late does nothing and says so', async () => {
    const { calls } = gate('north');
    await isOnline();
    const late = request(
      {},
      { time: new Date(Date.now() - 60_000).toISOString(), expires: new Date(Date.now() - 1).toISOString() },
    );
    await watcher.link.publish(topics.request('open'), JSON.stringify(late), once);
    expect(await answered(late.id)).toMatchObject(refusedAs('expired'));
    expect(calls).toEqual([]);
  });
});

test('after the broker was killed and came back, the state is there again and the events from meanwhile arrive in order', async () => {
  const { site, outbox } = gate('north');
  await isOnline();
  outbox.add('before');
  await until('the first event arrived', () => watcher.on(topics.event).length === 1);
  await mosquitto.kill();
  await until('the gate noticed', () => !site.connected && !watcher.link.up);
  for (let i = 0; i < 20; i++) outbox.add('meanwhile', { person: `p${i}` });
  const before = statuses().length;
  // The watcher first, so that it receives what the gate sends.
  const back = new Promise<void>((resolve) => watcher.link.onUp(resolve));
  await mosquitto.restart();
  await back;
  await until('the state is there again', () => statuses().length > before);
  const numbers = () => [...new Set(watcher.on(topics.event).map((event) => (event as { n: number }).n))];
  await until('the last event is there', () => numbers().includes(21));
  // The watcher misses those sent before it had subscribed again: Mosquitto forgot its session.
  const received = numbers().slice(1);
  expect(received).toEqual(Array.from({ length: received.length }, (_, i) => 22 - received.length + i));
});

test('after a broken connection the broker reports the gate as offline, and the gate reconnects by itself', async () => {
  const wire = await tcpProxy(mosquitto.port);
  wires.push(wire);
  gate('north', wire.port);
  await isOnline();
  wire.cut();
  await until('it went offline and came back', () => statuses().join().includes('online,offline,online'));
});

test('two gates share their people through retained records', async () => {
  const [north, south] = [gate('north'), gate('south')];
  await isOnline();
  north.people.put(person('ada', version(1)));
  south.people.put(person('bob', version(2, 'south')));
  await until('both know both', () => [north, south].every(({ people }) => people.ids().join() === 'ada,bob'));
  // Of now: an old one has expired and is not kept.
  south.people.remove('ada', `${Date.now()}-0000-south`);
  await until('both forgot Ada', () => [north, south].every(({ people }) => people.ids().join() === 'bob'));
  const late = gate('west');
  await until('a gate that comes later knows the same', () => late.people.ids().join() === 'bob');
  expect(late.people.tombstones().has('ada')).toBe(true);
});

test('three thousand people fill an empty broker and reach a new gate', async () => {
  // More than the 1,000 messages that Mosquitto queues by default; with `max_queued_messages 0` none is dropped.
  const template = {
    encoder: 'test@000000000000',
    vector: 'A'.repeat(2_732),
    quality: 1,
    added: new Date(0).toISOString(),
  };
  const north = gate('north');
  for (let i = 0; i < 3_000; i++) north.people.put(person(`p${i}`, version(i), { templates: [template] }));
  const south = gate('south');
  await until('the other gate knows all', () => south.people.size === 3_000, 50);
  const late = gate('west');
  await until('the new gate knows all', () => late.people.size === 3_000, 50);
}, 120_000);
