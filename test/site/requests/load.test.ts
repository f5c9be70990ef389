import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { type Link, type PublishOptions, ROOMS, type Room } from '../../../src/site/link/link.js';
import { failure, PendingPublishes } from '../../../src/site/link/pending-publishes.js';
import { RequestServer } from '../../../src/site/requests/request-server.js';
import { SeenRequests } from '../../../src/site/requests/seen-requests.js';
import { topicsOf } from '../../../src/site/topics.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { noSiteReports } from '../../support/no-site-reports.js';
import { type Call, configFor, gateOver, mqttLink, noting, request, Watcher } from '../harness.js';
import { startMosquitto } from '../mosquitto.js';
import { until } from '../until.js';

const topics = topicsOf({ site: 'home', gate: 'north' });
const jpeg = Buffer.alloc(20_000, 7);
jpeg.set([0xff, 0xd8, 0xff]);
const photo = jpeg.toString('base64');

test('200 enrolments at once over Mosquitto: each is done and answered once, and open is served meanwhile', async () => {
  const mosquitto = await startMosquitto();
  const waiting: (() => void)[] = [];
  const enroll = () => new Promise((resolve) => waiting.push(() => resolve({ id: 'ada' })));
  const gate = gateOver(mqttLink(configFor(mosquitto.url), 'north'), 'north', { enroll });
  const link = mqttLink(configFor(mosquitto.url, { clientId: 'office' }), 'office');
  const office = await new Watcher(link).watch([`${topics.response('+')}`, topics.state]);
  await until('the gate is online', () => office.on(topics.state).length > 0);
  try {
    const all = Array.from({ length: 200 }, (_, n) => request({ name: `P ${n}`, photo }));
    const send = (verb: string, body: object) =>
      link.publish(topics.request(verb), JSON.stringify(body), { retain: false, qos: 1, room: 'answer' });
    await Promise.all(all.map((body) => send('enroll', body)));
    await until('some are being done', () => waiting.length > 0);
    const open = request();
    await send('open', open);
    await until('the door is open while enrolments wait', () => office.answer(open.id) !== undefined);
    expect(office.answer(open.id)).toMatchObject({ ok: true });
    for (let n = 0; n < 200; n++) {
      await until('one more is being done', () => waiting.length > n);
      waiting[n]?.();
    }
    await until('all are answered', () => all.every(({ id }) => office.answer(id) !== undefined));
    for (const { id } of all) {
      expect(office.on(topics.response(id))).toMatchObject([{ ok: true, queue: { ahead: expect.any(Number) } }]);
    }
  } finally {
    await gate.stop();
    await link.end();
    await mosquitto.stop();
  }
}, 60_000);

/** A server whose answers can be refused by the link; what is logged and published is kept. */
function server(enroll?: () => Promise<unknown>) {
  const clock = new ManualClock(Date.now());
  const logged: { count?: number; ids?: unknown[]; sentence: unknown }[] = [];
  const note = (fields: object, sentence: unknown) => void logged.push({ ...fields, sentence });
  const log = { ...silentLog, warn: note, info: () => undefined } as unknown as Log;
  const published: { readonly room: Room | undefined; readonly answer: { id: string; ok: boolean; error?: object } }[] =
    [];
  const link: Link = new MemoryBroker(clock).link();
  const state = { refuses: false };
  link.publish = async (_topic: string, text: string | Uint8Array, { room }: PublishOptions) => {
    if (state.refuses) throw failure('KAIMON_MQTT_FULL', 'no room');
    published.push({ room, answer: JSON.parse(String(text)) });
  };
  const calls: Call[] = [];
  const made = new RequestServer({
    link,
    names: { site: 'home', gate: 'north' },
    clock,
    log,
    handlers: noting(calls, enroll ? { enroll } : {}),
    requests: {
      seen: new SeenRequests(),
      keep: () => undefined,
      keepSoon: () => undefined,
      kept: () => Promise.resolve(),
    },
    trustedClock: { trusted: true, confirmedMs: null },
    reports: noSiteReports,
    written: () => Promise.resolve(),
  });
  const ask = (verb: string, args: object = {}, changes: object = {}) => {
    const now = clock.wall();
    const life = { time: new Date(now).toISOString(), expires: new Date(now + 60_000).toISOString() };
    const body = request(args, { ...life, ...changes });
    made.receive({ topic: topics.request(verb), payload: Buffer.from(JSON.stringify(body)), retain: false });
    return body.id;
  };
  const settled = () => new Promise(setImmediate);
  return { clock, logged, published, state, calls, made, ask, settled };
}
const enrolment = { name: 'Ada', from: 'camera' };

test('answers that could not be sent are all counted in the log, whatever else it has to say', async () => {
  const { logged, state, ask, settled, clock, made } = server();
  state.refuses = true;
  for (let n = 0; n < 100; n++) ask('open', {}, { id: 'no uuid' });
  for (let n = 0; n < 60; n++) ask('lock');
  await settled();
  const lines = () => logged.filter(({ sentence }) => String(sentence).startsWith('answers were not sent'));
  const counted = () => lines().reduce((sum, { count = 0 }) => sum + count, 0);
  expect(counted()).toBe(1);
  clock.advance(10_000);
  expect(counted()).toBe(160);
  ask('lock');
  await settled();
  made.stop();
  const lost = lines();
  expect(counted()).toBe(161);
  expect(lost.length).toBeLessThan(5);
  expect(lost[0]).toMatchObject({ why: 'no room' });
});

test('answers of safety verbs, of work and of refusals have rooms of their own', async () => {
  const { published, ask, settled } = server();
  ask('open');
  ask('ping');
  ask('enroll', enrolment);
  ask('explode');
  await settled();
  expect(published.map(({ room }) => room).sort()).toEqual(['answer', 'answer', 'refusal', 'safety']);
});

test('while slow requests fill the queue and more are refused with an honest time, safety verbs are served at once', async () => {
  const { published, calls, ask, settled } = server(() => new Promise(() => undefined));
  const ids = Array.from({ length: 400 }, () => ask('enroll', enrolment));
  await settled();
  const refused = published.map(({ answer }) => answer);
  expect(refused).toHaveLength(400 - 226);
  for (const answer of refused)
    expect(answer).toMatchObject({ ok: false, error: { code: 'busy', retryAfterMs: expect.any(Number) } });
  expect(new Set(refused.map(({ id }) => id)).size).toBe(refused.length);
  expect(ids.slice(0, 226).filter((id) => refused.some((answer) => answer.id === id))).toEqual([]);
  for (const [verb, args] of [
    ['open', {}],
    ['lock', {}],
    ['mode', { mode: 'normal' }],
    ['remove', { id: 'ada' }],
  ] as const)
    ask(verb, args);
  await settled();
  expect(calls.map(({ verb }) => verb)).toEqual(['open', 'lock', 'mode', 'remove']);
  expect(published.slice(-4).map(({ answer: { ok }, room }) => [ok, room])).toEqual(
    Array.from({ length: 4 }, () => [true, 'safety']),
  );
});

test('what waited for longer than its life is not done, and says so', async () => {
  const ends: (() => void)[] = [];
  const { published, clock, ask, settled } = server(() => new Promise((resolve) => ends.push(() => resolve({}))));
  ask('enroll', enrolment);
  ask('enroll', enrolment);
  const late = ask('enroll', enrolment);
  const longer = ask('enroll', enrolment, { expires: new Date(clock.wall() + 120_000).toISOString() });
  clock.advance(60_000);
  for (let n = 0; n < 4; n++) {
    ends[n]?.();
    await settled();
  }
  const answer = (id: string) => published.find((one) => one.answer.id === id)?.answer;
  expect(answer(late)).toMatchObject({ ok: false, error: { code: 'expired', message: /waited 60 s.*not done/ } });
  expect(answer(longer)).toMatchObject({ ok: true, queue: { ahead: 3, waitedMs: 60_000 } });
});

test('at the stop those that wait are answered', async () => {
  const { published, made, ask, settled } = server(() => new Promise(() => undefined));
  const ids = Array.from({ length: 5 }, () => ask('enroll', enrolment));
  made.stop();
  await settled();
  expect(published.map(({ answer }) => answer.id)).toEqual(ids.slice(2));
});

test('a flood of rubbish is answered up to a bound and takes nothing from others', async () => {
  const { published, ask, settled } = server();
  for (let n = 0; n < 5_000; n++) ask('ping', {}, { id: `junk ${n}`, by: `made up ${n}` });
  const open = ask('open');
  const ping = ask('ping', {}, { by: 'office' });
  await settled();
  expect(published.filter(({ room }) => room === 'refusal').length).toBeLessThanOrEqual(600);
  for (const id of [open, ping]) expect(published.some(({ answer }) => answer.id === id && answer.ok)).toBe(true);
});

test('each kind of message has room of its own at the link, and safety goes first', async () => {
  const pending = new PendingPublishes(new ManualClock());
  const rejected: Room[] = [];
  const add = (room: Room, bytes = 1) =>
    void pending
      .add(room, Buffer.alloc(bytes), { retain: false, qos: 1, room }, () => undefined)
      .catch(() => rejected.push(room));
  const rooms = Object.keys(ROOMS) as Room[];
  for (const room of [...rooms].reverse()) for (let n = 0; n <= ROOMS[room].messages; n++) add(room);
  await new Promise(setImmediate);
  expect(rejected.sort()).toEqual([...rooms].sort());
  expect([...new Set(pending.all().map(({ topic }) => topic))]).toEqual(rooms);
  pending.fail(failure('KAIMON_MQTT_ENDED', 'over'));
  add('refusal', ROOMS.refusal.bytes);
  add('refusal');
  await new Promise(setImmediate);
  expect(pending.all()).toHaveLength(1);
});

test('resync compares with the broker anew, once for all who ask', async () => {
  const broker = new MemoryBroker(systemClock);
  const gate = gateOver(broker.link(), 'north');
  const office = await new Watcher(broker.link()).watch(['kaimon/#']);
  await until('the gate is online', () => office.on(topics.state).length > 0);
  const markers = () => office.received.filter(({ topic }) => topic === topics.sync).length;
  await until('the gate has compared', () => markers() > 0);
  const before = markers();
  const ids = Array.from({ length: 5 }, () => randomUUID());
  for (const id of ids)
    void office.link.publish(topics.request('resync'), JSON.stringify(request({}, { id })), { retain: false, qos: 1 });
  await until('all are answered', () => ids.every((id) => office.answer(id) !== undefined));
  for (const id of ids) expect(office.answer(id)).toMatchObject({ ok: true, result: { people: { count: 0 } } });
  expect(markers() - before).toBeLessThanOrEqual(2);
  await gate.stop();
});
