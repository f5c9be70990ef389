import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Keyring } from '../../../src/keys/keyring.js';
import { requestText } from '../../../src/keys/signed-text.js';
import { newSigningKey, type SigningKey } from '../../../src/keys/signing-key.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import type { RefusedRequest } from '../../../src/site/site-reports.js';
import { topicsOf } from '../../../src/site/topics.js';
import { keyringOf, listOf, trusted } from '../../keys/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { type Gate, gateOver } from '../harness.js';

// What a gate keeps of requests that it has not done.

const [own, guard, office] = [newSigningKey().key, newSigningKey().key, newSigningKey().key];
const KEYS = [trusted('north', own, ['gate']), trusted('guard', guard, ['open']), trusted('office', office, ['enrol'])];

let clock: ManualClock;
let broker: MemoryBroker;
let keyring: Keyring;
let gate: Gate;
let refused: RefusedRequest[];
let junk: [count: number, from: string][];
beforeEach(async () => {
  clock = new ManualClock();
  broker = new MemoryBroker(clock);
  keyring = keyringOf(() => clock.wall());
  keyring.take(listOf(KEYS));
  refused = [];
  junk = [];
  const keys = { keyring, own, seal: undefined, take: (list: unknown) => keyring.take(list), problems: [] };
  const reports = {
    requestRefused: (one: RefusedRequest) => refused.push(one),
    requestsRefused: (count: number, from: string) => junk.push([count, from]),
    peopleSetAside: () => undefined,
  };
  gate = gateOver(broker.link(), 'north', {}, undefined, clock, { keys, reports });
  await turns();
});
afterEach(() => gate.site.stop());

const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
const iso = (ms: number) => new Date(clock.wall() + ms).toISOString();
const request = (key?: SigningKey) => {
  const unsigned = { v: 1, id: randomUUID(), time: iso(0), expires: iso(60_000), by: 'x', args: {} };
  if (!key) return unsigned;
  const named = { ...unsigned, key: key.id };
  return { ...named, signature: key.sign(requestText({ site: 'home', gate: 'north', verb: 'open' }, named)) };
};
async function send(body: object | string, verb = 'open'): Promise<void> {
  const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  broker.route({ topic: topicsOf({ site: 'home', gate: 'north' }).request(verb), payload, retain: false });
  await turns();
}

test('one that somebody has signed is kept by itself, with who, what and why', async () => {
  const captured = request(guard);
  await send(captured);
  await send(captured);
  await send(request(office));
  keyring.take(
    listOf([...KEYS.slice(0, 1), trusted('guard', guard, ['open'], { revoked: iso(-1_000) })], { serial: 2 }),
  );
  await send(request(guard));
  expect(gate.calls.length).toBe(1);
  expect(refused).toEqual([
    { by: 'guard', verb: 'open', code: 'replayed', again: true },
    { by: 'office', verb: 'open', code: 'not-allowed', again: false },
    { by: 'guard', verb: 'open', code: 'bad-signature', again: false },
  ]);
  expect(junk).toEqual([]);
});

test('what anybody may have sent is counted, once a minute and at the stop', async () => {
  const from = iso(0);
  for (let i = 0; i < 40; i++) await send(request());
  await send({ ...request(office), key: guard.id });
  await send('junk', 'fly');
  clock.advance(59_000);
  expect(junk).toEqual([]);
  clock.advance(1_000);
  expect(junk).toEqual([[42, from]]);
  clock.advance(600_000);
  await send('junk');
  gate.site.stop();
  expect(junk.slice(1)).toEqual([[1, iso(0)]]);
  expect(refused).toEqual([]);
});
