import { afterEach, beforeEach, expect, test } from 'vitest';
import { newSigningKey } from '../../../src/keys/signing-key.js';
import type { Clock } from '../../../src/kit/clock.js';
import { monotonicMs, wallMs } from '../../../src/kit/clock.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { InfoReader } from '../../../src/site/info/info-reader.js';
import { signedInfo } from '../../../src/site/info/sign-info.js';
import { WrongClocks } from '../../../src/site/info/wrong-clocks.js';
import { Peers } from '../../../src/site/sync/peers.js';
import { topicsOf } from '../../../src/site/topics.js';
import { keyringOf, listOf, trusted } from '../../keys/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { type Gate, gateOver } from '../harness.js';
import { MemoryPeople } from '../sync/memory-people.js';

const MINUTE = 60_000;
const keys = { north: newSigningKey().key, south: newSigningKey().key };
const LIST = listOf([
  trusted('north', keys.north, ['gate'], { gates: ['north'] }),
  trusted('south', keys.south, ['gate'], { gates: ['south'] }),
]);

let clock: ManualClock;
let broker: MemoryBroker;
let gates: Gate[];
beforeEach(() => {
  clock = new ManualClock();
  broker = new MemoryBroker(clock);
  gates = [];
});
afterEach(() => Promise.all(gates.map(({ site }) => site.stop())));

function gate(name: 'north' | 'south') {
  let offMs = 0;
  const own: Clock = {
    monotonic: () => clock.monotonic(),
    wall: () => wallMs(clock.wall() + offMs),
    after: (ms, act) => clock.after(ms, act),
  };
  const keyring = keyringOf(() => own.wall());
  keyring.take(LIST);
  const siteKeys = {
    keyring,
    own: keys[name],
    seal: undefined,
    take: (list: unknown) => keyring.take(list),
    problems: [],
  };
  const people = new MemoryPeople(1e9, name);
  const made = gateOver(broker.link(), name, {}, undefined, own, { people, keys: siteKeys });
  gates.push(made);
  const wrongBy = (ms: number) => {
    offMs = ms;
  };
  return { ...made, wrongBy };
}
async function minutes(count: number, each = () => undefined as unknown): Promise<void> {
  for (let i = 0; i < count * 60; i++) {
    if (i % 60 === 0) each();
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const topics = (name: string) => topicsOf({ site: 'home', gate: name });
const at = (topic: string) => JSON.parse(Buffer.from(broker.retained(topic)?.payload ?? []).toString());
const problemsOf = (name: string) => (at(topics(name).state) as { problems: string[] }).problems.join('\n');
const put = (topic: string, payload: object) =>
  broker.route({ topic, payload: Buffer.from(JSON.stringify(payload)), retain: true });

test('a gate whose clock is wrong is named by the gate that hears it, and names the other, until it is right', async () => {
  gate('north');
  const south = gate('south');
  await minutes(3);
  expect([problemsOf('north'), problemsOf('south')]).toEqual(['', '']);
  south.wrongBy(20 * MINUTE);
  await minutes(4);
  expect(problemsOf('north')).toMatch(/^clocks-differ: by this gate's clock south is more than 5 minutes ahead/);
  expect(problemsOf('south')).toContain("clocks-differ: by this gate's clock north is more than 5 minutes behind");
  south.wrongBy(-3 * 60 * MINUTE);
  await minutes(8);
  expect(problemsOf('north')).toContain('south is more than an hour behind');
  south.wrongBy(0);
  await minutes(3);
  expect([problemsOf('north'), problemsOf('south')]).toEqual(['', '']);
});

test('who repeats what a gate has said says nothing of its clock while it is there, nor with one word when it is away', async () => {
  gate('north');
  const south = gate('south');
  await minutes(1);
  const captured: object[] = [];
  await minutes(10, () => captured.push(at(topics('south').info)));
  const words = [...captured];
  await minutes(8, () => put(topics('south').info, words.shift() ?? {}));
  expect(problemsOf('north')).toBe('');
  const last = at(topics('south').info);
  await south.stop();
  await minutes(12, () => put(topics('south').info, last));
  expect(problemsOf('north')).toBe('');
});

test('a gate that was away for long keeps its place among the gates, and only who has a key of the site has one', () => {
  const keyring = keyringOf(() => clock.wall());
  keyring.take(LIST);
  const monotonic = () => clock.monotonic();
  const infos = new InfoReader({ site: 'home', gate: 'x', keyring, monotonic, now: () => clock.wall() });
  const peers = new Peers({ infos, signed: true, monotonic });
  const info = { version: '1', people: { revision: '', count: 1, hash: 'aa', buckets: 256 } };
  const said = (name: string, key = keys.south, ms = -60 * MINUTE) =>
    Buffer.from(JSON.stringify(signedInfo(key, { site: 'home', gate: name }, info, wallMs(clock.wall() + ms))));
  peers.receive('info', 'south', said('south'));
  peers.receive('info', 'west', said('west'));
  peers.receive('info', 'east', said('south'));
  peers.receive('info', 'stranger', said('stranger', newSigningKey().key));
  peers.receive('info', 'north', said('north', keys.north, 0));
  expect([...peers.known()]).toEqual([
    ['south', false],
    ['north', true],
  ]);
  expect(peers.differing({ revision: '', count: 0, hash: 'bb', buckets: 256 })).toEqual([]);
});

test('more than five gates are not all named, and the sentence does not change with every word', () => {
  const clocks = new WrongClocks();
  const hear = (minute: number) => {
    for (const name of ['g', 'f', 'e', 'd', 'c', 'b', 'a'])
      clocks.heard(name, minute * MINUTE, -(DAY + minute), monotonicMs(minute * MINUTE));
  };
  const DAY = 86_400_000;
  hear(0);
  expect(clocks.problem(monotonicMs(0))).toBeUndefined();
  hear(1);
  const text = clocks.problem(monotonicMs(MINUTE));
  expect(text).toMatch(/a is more than a day behind, .*e is more than a day behind, and more: /);
  hear(2);
  expect(clocks.problem(monotonicMs(2 * MINUTE))).toBe(text);
  expect(clocks.problem(monotonicMs(5 * MINUTE))).toBeUndefined();
});
