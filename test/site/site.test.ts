import { afterEach, beforeEach, expect, test } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { systemClock } from '../../src/kit/system-clock.js';
import { offlineWill } from '../../src/site/leave-site.js';
import { RequestError } from '../../src/site/messages.js';
import type { RequestHandlers } from '../../src/site/requests/request-server.js';
import { MemoryBroker, type MemoryLink } from '../support/memory-link.js';
import { type Gate, gateOver, online, request, Watcher } from './harness.js';
import { person, version } from './sync/memory-people.js';
import { until } from './until.js';

const names = { site: 'home', gate: 'north' };
const state = 'kaimon/home/gates/north/state';
let broker: MemoryBroker;
let watcher: Watcher;
let link: MemoryLink;
let gates: Gate[];

function north(handlers: Partial<RequestHandlers> = {}, written?: () => Promise<void>): Gate {
  link = broker.link(offlineWill(names));
  const gate = gateOver(link, 'north', handlers, written);
  gates.push(gate);
  return gate;
}

const ask = async (verb: string, body: { readonly id: string }) => {
  const options = { retain: false, qos: 1 } as const;
  await watcher.link.publish(`kaimon/home/gates/north/request/${verb}`, JSON.stringify(body), options);
  await until('the request is answered', () => watcher.answer(body.id) !== undefined);
  return watcher.answer(body.id);
};
const listening = () => until('the gate says that it is online', () => watcher.on(state).length > 0);

beforeEach(async () => {
  broker = new MemoryBroker(systemClock);
  gates = [];
  watcher = await new Watcher(broker.link()).watch(['kaimon/#']);
});
afterEach(async () => {
  for (const gate of gates) await gate.stop();
});

test('a gate publishes its state, retained, with the fields that the contract names', async () => {
  north();
  await listening();
  expect(watcher.on(state)[0]).toEqual({ ...online, broker: 'connected' });
  await until('the info is there', () => broker.retained('kaimon/home/gates/north/info') !== undefined);
  expect(watcher.on('kaimon/home/gates/north/info')[0]).toMatchObject({
    version: '0.1.0',
    people: { count: 0 },
    limits: { people: 50_000 },
  });
});

test('many changes of state become few messages, the last of which is the last state', async () => {
  const { site } = north();
  await listening();
  for (let i = 0; i < 100; i++) site.state({ ...online, eye: `try ${i}` });
  const last = { eye: 'try 99' };
  await until('the last state is published', () => (watcher.on(state).at(-1) as { eye?: string }).eye === last.eye);
  expect(watcher.on(state).length).toBeLessThan(4);
});

test('each verb reaches its handler once, with the name of the client, and is answered with the result', async () => {
  const { calls } = north();
  await listening();
  const asked = request({ id: 'ada' });
  expect(await ask('remove', asked)).toEqual({ v: 1, id: asked.id, ok: true, result: { did: 'remove' } });
  for (const verb of ['people', 'open', 'ping']) expect(await ask(verb, request())).toMatchObject({ ok: true });
  expect(await ask('enroll', request({ name: 'Ada', from: 'camera' }))).toMatchObject({ ok: true });
  expect(calls.map(({ verb }) => verb)).toEqual(['remove', 'people', 'open', 'ping', 'enroll']);
  expect(calls[0]).toEqual({ verb: 'remove', args: { id: 'ada' }, context: { by: 'test', id: asked.id } });
  expect(calls[1]?.args).toEqual({ offset: 0, limit: 200 });
});

test.each<[string, unknown, { code: string; message: RegExp }]>([
  ['a refusal', new RequestError('unknown-person', 'nobody is called ada'), { code: 'unknown-person', message: /ada/ }],
  [
    'broken surroundings',
    new OperatingError('KAIMON_FILE_WRITE', 'the disk is full'),
    { code: 'failed', message: /disk/ },
  ],
  ['a defect', new TypeError('undefined is not a secret'), { code: 'failed', message: /see this gate's log/ }],
  ['a thrown text', 'OpenCV said no', { code: 'failed', message: /see this gate's log/ }],
])('%s in a handler becomes an answer', async (_what, thrown, { code, message }) => {
  north({
    remove: async () => {
      throw thrown;
    },
  });
  await listening();
  const answer = await ask('remove', request({ id: 'ada' }));
  expect(answer).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(message) } });
});

test('a handler that throws before it returns a promise is answered too', async () => {
  north({
    open: () => {
      throw new Error('at once');
    },
  });
  await listening();
  expect(await ask('open', request())).toMatchObject({ ok: false, error: { code: 'failed' } });
});

test('a 65th opening at one time is refused as busy, and there is room again afterwards', async () => {
  const hanging: (() => void)[] = [];
  north({ open: () => new Promise((resolve) => hanging.push(() => resolve({}))) });
  await listening();
  const many = Array.from({ length: 64 }, () => ask('open', request()));
  await until('all are being done', () => hanging.length === 64);
  expect(await ask('open', request())).toMatchObject({ ok: false, error: { code: 'busy', retryAfterMs: 1000 } });
  for (const end of hanging) end();
  for (const answer of await Promise.all(many)) expect(answer).toMatchObject({ ok: true });
  const next = ask('open', request());
  await until('the next one is being done', () => hanging.length === 65);
  hanging[64]?.();
  expect(await next).toMatchObject({ ok: true });
});

test('removals that wait for the disk, as many as are served, keep no door shut', async () => {
  const hanging: (() => void)[] = [];
  north({ remove: () => new Promise((resolve) => hanging.push(() => resolve({}))) });
  await listening();
  const four = Array.from({ length: 4 }, () => ask('remove', request({ id: 'ada' })));
  await until('four are being done', () => hanging.length === 4);
  expect(await ask('open', request())).toMatchObject({ ok: true });
  for (const end of hanging) end();
  await Promise.all(four);
});

test('nothing but the door is answered before the journal has it; a slow disk does not block other requests', async () => {
  const waiting: (() => void)[] = [];
  const { calls } = north({}, () => new Promise((resolve) => waiting.push(resolve)));
  await listening();
  let answered = 0;
  const answers: Promise<unknown>[] = [];
  for (let i = 1; i <= 6; i++) {
    answers.push(
      ask(i % 2 === 0 ? 'remove' : 'forgive', request({ id: 'ada' })).then((answer) => {
        answered++;
        return answer;
      }),
    );
    await until('it is done', () => waiting.length === i);
  }
  expect([calls.length, answered]).toEqual([6, 0]);
  for (const end of waiting) end();
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ ok: true });
});

test('that the door has acted is answered at once, whatever the disk does', async () => {
  const { calls } = north({}, () => new Promise(() => undefined));
  await listening();
  expect(await ask('open', request())).toMatchObject({ ok: true });
  expect(await ask('lock', request())).toMatchObject({ ok: true });
  expect(await ask('mode', request({ mode: 'locked' }))).toMatchObject({ ok: true });
  expect(calls.map(({ verb }) => verb)).toEqual(['open', 'lock', 'mode']);
});

test('correlation data come back with the answer, at the response topic that was asked for', async () => {
  north();
  await listening();
  await watcher.link.publish('kaimon/home/gates/north/request/ping', JSON.stringify(request()), {
    retain: false,
    qos: 1,
    responseTopic: 'kaimon/home/response/desk',
    correlationData: Buffer.from('42'),
  });
  await until('the answer is there', () => watcher.on('kaimon/home/response/desk').length === 1);
  const packet = watcher.received.find(({ topic }) => topic === 'kaimon/home/response/desk');
  expect(Buffer.from(packet?.correlationData ?? []).toString()).toBe('42');
});

test('events that could not be delivered are a problem in the state, until their loss is reported', async () => {
  const { outbox } = north();
  await listening();
  link.lose('cut');
  for (let i = 0; i < 1_010; i++) outbox.add('granted', { person: 'ada' });
  link.find();
  await until('all are delivered', () => watcher.on('kaimon/home/gates/north/event').length === 1_000);
  expect(watcher.on('kaimon/home/gates/north/event')[0]).toMatchObject({ n: 11, lost: 10 });
  await until('the problem is gone', () => (watcher.on(state).at(-1) as { problems: unknown[] }).problems.length === 0);
});

test('the info counts the people again after they changed', async () => {
  const { people } = north();
  await listening();
  people.put(person('ada', version(1)));
  const info = () => watcher.on('kaimon/home/gates/north/info').at(-1) as { people: { count: number } };
  await until('one is counted', () => info().people.count === 1);
});

test('a gate that stops delivers its last events and says that it is offline', async () => {
  const { outbox, stop } = north();
  await listening();
  outbox.add('stopped');
  await stop();
  await until('it is offline', () => (watcher.on(state).at(-1) as { status: string }).status === 'offline');
  expect(watcher.on('kaimon/home/gates/north/event')).toMatchObject([{ type: 'stopped' }]);
});

test('a gate that stops before the broker has answered still delivers what it has, once it is connected', async () => {
  const { outbox, site, stop } = north();
  site.stop();
  outbox.add('stopped');
  await until('the broker answers', () => link.up);
  await stop();
  await until('it is offline', () => watcher.on(state).length > 0);
  expect(watcher.on(state)).toEqual([{ status: 'offline' }]);
  expect(watcher.on('kaimon/home/gates/north/event')).toMatchObject([{ type: 'stopped' }]);
});

test('rubbish on every topic of the gate stops nothing', async () => {
  const { calls } = north();
  await listening();
  const rubbish = ['', '{', '[]', 'null', '"x"', '\0', '{"id":"x"}', '{"__proto__":{"v":1}}'];
  for (const topic of ['request/open', 'request/', 'sync', 'state', 'info', 'event', 'response/x']) {
    for (const text of rubbish) {
      await watcher.link.publish(`kaimon/home/gates/north/${topic}`, text, { retain: false, qos: 1 });
      await watcher.link.publish(`kaimon/home/people/${text}`, text, { retain: false, qos: 1 });
    }
  }
  expect(await ask('ping', request())).toMatchObject({ ok: true });
  expect(calls).toHaveLength(1);
});

test('a broker that is away for ten seconds is a problem here, until it is back, and none in what is published', async () => {
  const clock = new ManualClock();
  link = broker.link(offlineWill(names));
  const gate = gateOver(link, 'north', {}, undefined, clock);
  gates.push(gate);
  await listening();
  clock.advance(60_000);
  expect(gate.site.problems).toEqual([]);
  broker.kill();
  clock.advance(9_999);
  expect(gate.site.problems).toEqual([]);
  clock.advance(1);
  expect(gate.site.problems).toEqual(['no broker, requests are not heard and events wait: the broker was killed']);
  broker.restart();
  await until('it is back', () => gate.site.connected);
  expect(gate.site.problems).toEqual([]);
  const told = watcher.on(state) as { problems?: unknown }[];
  expect(told.flatMap(({ problems }) => problems ?? [])).toEqual([]);
  // What waits for the broker's time at the end waits for this clock.
  const ending = gate.stop();
  gates.pop();
  clock.advance(60_000);
  await ending;
});

test('a broker that never answers is a problem after ten seconds, too', async () => {
  const clock = new ManualClock();
  broker.kill();
  const gate = gateOver(broker.link(), 'south', {}, undefined, clock);
  expect(gate.site.problems).toEqual([]);
  clock.advance(10_000);
  expect(gate.site.problems).toEqual(['no broker, requests are not heard and events wait: it does not answer']);
  gate.site.stop();
});
