import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Keyring } from '../../../src/keys/keyring.js';
import type { SiteKeys } from '../../../src/keys/open-keys.js';
import { RecordSeal } from '../../../src/keys/record-seal.js';
import { recordText } from '../../../src/keys/signed-text.js';
import { newSigningKey, type SigningKey } from '../../../src/keys/signing-key.js';
import { makeSealKey } from '../../../src/kit/sealing/seal-key.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { guardedRecords, peopleRoles, peopleSealed } from '../../../src/site/sync/guarded-records.js';
import { peopleRecords } from '../../../src/site/sync/people-records.js';
import { topicsOf } from '../../../src/site/topics.js';
import { listOf, siteKeysOf, trusted } from '../../keys/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { type Gate, gateOver } from '../harness.js';
import { until } from '../until.js';
import { MemoryPeople, person, version } from './memory-people.js';

const keys = {
  north: newSigningKey().key,
  south: newSigningKey().key,
  office: newSigningKey().key,
  cleaner: newSigningKey().key,
  idle: newSigningKey().key,
};
const LIST = listOf([
  trusted('north', keys.north, ['gate']),
  trusted('south', keys.south, ['gate']),
  trusted('office', keys.office, ['enrol']),
]);
const secret = makeSealKey(randomBytes(32));

let broker: MemoryBroker;
let gates: Gate[];
beforeEach(() => {
  broker = new MemoryBroker(systemClock);
  gates = [];
});
afterEach(async () => {
  await Promise.all(gates.map((gate) => gate.stop()));
});

interface Setting {
  readonly people?: MemoryPeople;
  readonly list?: typeof LIST;
  readonly seal?: RecordSeal | 'locked';
}
function gate(name: 'north' | 'south', { people, list = LIST, seal }: Setting = {}): Gate {
  const made = gateOver(broker.link(), name, {}, undefined, undefined, {
    keys: siteKeysOf(list, keys[name], seal),
    people,
  });
  gates.push(made);
  return made;
}
const topic = (id: string) => topicsOf({ site: 'home', gate: 'x' }).person(id);
const textAt = (id: string): string => Buffer.from(broker.retained(topic(id))?.payload ?? []).toString();
const keep = (id: string, record: object) =>
  broker.route({ topic: topic(id), payload: Buffer.from(JSON.stringify(record)), retain: true });
const signedBy = (key: SigningKey, id: string, record: object, kind = 'people') => {
  const unsigned = { ...record, key: key.id };
  return { ...unsigned, signature: key.sign(recordText('home', kind, id, unsigned)) };
};
const knows = (one: Gate, id: string) => until(`${id} is known`, () => one.people.get(id) !== undefined);
const settled = (one: Gate) => until('all was compared', () => one.people.get('first') !== undefined);

test('gates of a site share people that they sign', async () => {
  const [north, south] = [gate('north'), gate('south')];
  north.people.put(person('ada', version(1)));
  await knows(south, 'ada');
  expect(JSON.parse(textAt('ada'))).toMatchObject({
    name: expect.any(String),
    key: keys.north.id,
    signature: expect.any(String),
  });
  south.people.remove('ada', version(2));
  await until('Ada is gone', () => north.people.get('ada') === undefined);
  expect(JSON.parse(textAt('ada'))).toMatchObject({ removed: true, key: keys.south.id });
});

test('sealed, the broker holds neither name nor template, and a secret that was renewed is used for all', async () => {
  const older = new RecordSeal(secret);
  const north = gate('north', { seal: older });
  const south = gate('south', { seal: older });
  north.people.put(person('ada', version(1)));
  await knows(south, 'ada');
  const record = JSON.parse(textAt('ada'));
  expect(Object.keys(record).sort()).toEqual(['id', 'key', 'sealed', 'signature', 'version']);
  const { name, templates } = south.people.get('ada') ?? {};
  for (const secretText of [String(name), String(templates?.[0]?.vector)])
    expect(textAt('ada')).not.toContain(secretText);
  await Promise.all(gates.splice(0).map((one) => one.stop()));
  const newer = makeSealKey(randomBytes(32));
  gate('north', { people: north.people, seal: new RecordSeal(newer, [secret]) });
  await until('Ada is sealed anew', () => JSON.parse(textAt('ada')).sealed.startsWith(newer.id));
});

test.each<[string, (ada: object) => object]>([
  ['not signed', (ada) => ada],
  ['signed by a stranger', (ada) => signedBy(newSigningKey().key, 'ada', ada)],
  ['signed for another id', (ada) => signedBy(keys.north, 'bob', ada)],
  ['signed for another kind', (ada) => signedBy(keys.north, 'ada', ada, 'passages')],
  ['changed after it was signed', (ada) => ({ ...signedBy(keys.north, 'ada', ada), name: 'Eve' })],
])('a person who is %s is not taken', async (_what, made) => {
  keep('ada', made(person('ada', version(1))));
  keep('first', signedBy(keys.north, 'first', person('first', version(1))));
  const south = gate('south');
  await settled(south);
  expect(south.people.get('ada')).toBeUndefined();
});

test('who is no gate signs what he has done himself, and not in the name of another', async () => {
  const north = gate('north');
  keep('ada', signedBy(keys.office, 'ada', { ...person('ada', version(1)), by: 'guard' }));
  keep('first', signedBy(keys.office, 'first', { ...person('first', version(1)), by: 'office' }));
  await settled(north);
  expect(north.people.get('ada')).toBeUndefined();
});

test('one with the role may enrol and not remove', async () => {
  const north = gate('north');
  north.people.put(person('ada', version(1)));
  await until('Ada is shared', () => textAt('ada') !== '');
  keep('ada', signedBy(keys.office, 'ada', { removed: true, version: version(9) }));
  keep('first', signedBy(keys.office, 'first', { ...person('first', version(1)), by: 'office' }));
  await settled(north);
  expect(north.people.get('ada')).toBeDefined();
});

test('what is known and stands unsigned, or signed by a key that was revoked, at the broker is signed anew', async () => {
  const people = new MemoryPeople();
  people.put(person('ada', version(1)));
  people.put(person('bob', version(1)));
  keep('ada', person('ada', version(1)));
  keep('bob', signedBy(keys.south, 'bob', person('bob', version(1))));
  const list = listOf([
    trusted('north', keys.north, ['gate']),
    trusted('south', keys.south, ['gate'], { revoked: '2026-01-01T00:00:00.000Z' }),
  ]);
  gate('north', { people, list });
  for (const id of ['ada', 'bob']) await until(`${id} is signed`, () => JSON.parse(textAt(id)).key === keys.north.id);
});

test.each([
  ['without a key of its own', undefined, new RecordSeal(secret)],
  ['without the secret', keys.north, 'locked'],
] as const)('a gate %s shares nothing, and never plainly', (_what, own, seal) => {
  const people = new MemoryPeople();
  people.put(person('ada', version(1)));
  const topics = topicsOf({ site: 'home', gate: 'north' });
  const guarding = { site: 'home', kind: 'people', roles: peopleRoles, sealed: peopleSealed };
  const text = (given: Partial<SiteKeys>) =>
    guardedRecords(peopleRecords(people, topics, people.rules), {
      ...guarding,
      keys: { ...siteKeysOf(LIST, keys.north), ...given },
    }).text('ada');
  expect(text({ own, seal })).toBeUndefined();
  expect(text({ own: keys.north, seal: new RecordSeal(secret) })).toContain('"sealed"');
});

test('a newer list at the broker is taken over, and what was refused before it is looked at once more', async () => {
  keep('first', signedBy(keys.office, 'first', { ...person('first', version(1)), by: 'office' }));
  const older = listOf([trusted('north', keys.north, ['gate'])]);
  keep('second', signedBy(keys.north, 'second', person('second', version(1))));
  const north = gate('north', { list: older });
  await knows(north, 'second');
  expect(north.people.get('first')).toBeUndefined();
  broker.route({
    topic: 'kaimon/home/keys',
    payload: Buffer.from(JSON.stringify(listOf(LIST.keys, { serial: 2 }))),
    retain: true,
  });
  await settled(north);
});

test('a list in place of the newer one, or one that nobody signed, is replaced at the broker', async () => {
  const newer = listOf(LIST.keys, { serial: 7 });
  const at = () =>
    JSON.parse(Buffer.from(broker.retained('kaimon/home/keys')?.payload ?? Buffer.from('{}')).toString()).serial;
  broker.route({ topic: 'kaimon/home/keys', payload: Buffer.from(JSON.stringify(LIST)), retain: true });
  gate('north', { list: newer });
  await until('the newer list stands there', () => at() === 7);
  broker.route({
    topic: 'kaimon/home/keys',
    payload: Buffer.from(JSON.stringify({ ...newer, serial: 99 })),
    retain: true,
  });
  await until('it stands there again', () => at() === 7);
});

test('one who may remove enrols nobody: a person is a person whatever else the record says', async () => {
  const list = listOf([...LIST.keys, trusted('cleaner', keys.cleaner, ['remove'])]);
  const people = new MemoryPeople();
  people.put(person('bob', version(1)));
  keep('eve', signedBy(keys.cleaner, 'eve', { ...person('eve', version(1)), removed: false }));
  keep('eva', signedBy(keys.cleaner, 'eva', { ...person('eva', version(1)), removed: true, by: 5 }));
  keep('bob', signedBy(keys.cleaner, 'bob', { ...person('bob', version(2)), removed: 'no', name: 'Mallory' }));
  const seal = new RecordSeal(secret);
  const place = { site: 'home', kind: 'people', id: 'old', version: version(1) };
  const sealed = seal.seal(place, JSON.stringify(person('old', version(1))));
  keep('old', signedBy(keys.cleaner, 'old', { id: 'old', removed: true, version: version(1), sealed }));
  keep('first', signedBy(keys.north, 'first', person('first', version(1))));
  const south = gate('south', { people, list, seal });
  await settled(south);
  expect([...people.all()].map(({ id, name }) => [id, name])).toEqual([
    ['bob', person('bob', version(1)).name],
    ['first', person('first', version(1)).name],
  ]);
});

test("gates that do not take each other's lists do not answer each other for ever", async () => {
  const other = newSigningKey().key;
  const foreign = new Keyring({ site: 'home', siteKeys: [other.publicKey], now: Date.now });
  foreign.take(listOf(LIST.keys, { key: other.id }, other));
  const lists: unknown[] = [];
  const watcher = broker.link();
  watcher.onMessage(({ payload }) => lists.push(payload));
  watcher.start();
  await watcher.subscribe(['kaimon/home/keys', 'kaimon/home/people/+']);
  gate('north');
  const south = gateOver(broker.link(), 'south', {}, undefined, undefined, {
    keys: { keyring: foreign, own: keys.south, seal: undefined, take: (list) => foreign.take(list), problems: [] },
  });
  gates.push(south);
  broker.route({ topic: 'kaimon/home/keys', payload: Buffer.alloc(0), retain: true });
  await until('both have answered', () => lists.length > 4, 30);
  const rounds = 200;
  for (let i = 0; i < rounds; i++) await new Promise((done) => setImmediate(done));
  south.people.put(person('ada', version(1)));
  await until('Ada is shared', () => textAt('ada') !== '');
  expect(lists.length).toBeLessThan(20);
});

test('junk that nobody has signed hides neither what somebody has signed and is not taken, nor what a key that was revoked has signed', async () => {
  const events: { type: string; reason?: string; count?: number; people?: string[]; message?: string }[] = [];
  const watcher = broker.link();
  watcher.onMessage(({ payload }) => events.push(JSON.parse(Buffer.from(payload).toString())));
  watcher.start();
  await watcher.subscribe([topicsOf({ site: 'home', gate: 'north' }).event]);
  const stolen = trusted('cleaner', keys.cleaner, ['gate'], { revoked: '2026-01-01T00:00:00.000Z' });
  const list = listOf([...LIST.keys, stolen, trusted('idle', keys.idle, [])]);
  const north = gate('north', { list });
  keep('first', signedBy(keys.south, 'first', person('first', version(1))));
  await settled(north);
  for (let i = 0; i < 50; i++) keep(`junk-${i}`, person(`junk-${i}`, version(1)));
  keep('sealed', { version: version(1), sealed: 'a.b', key: keys.office.id, signature: `${'A'.repeat(86)}==` });
  keep('ada', signedBy(keys.office, 'ada', person('ada', version(1), { by: 'somebody else' })));
  keep('ida', signedBy(keys.idle, 'ida', person('ida', version(1), { by: 'idle' })));
  keep('eve', signedBy(keys.cleaner, 'eve', person('eve', version(1))));
  keep('eva', signedBy(keys.cleaner, 'eva', { id: 'eva', version: version(1), sealed: 'a.b' }));
  const rejected = (reason: string) =>
    events.find((event) => event.type === 'people-rejected' && event.reason === reason);
  const reasons = ['invalid', 'unsigned', 'revoked'];
  await until('all are told', () => reasons.every((reason) => rejected(reason) !== undefined));
  expect(rejected('invalid')).toMatchObject({ count: 2, people: ['ada', 'ida'] });
  expect(rejected('unsigned')).toMatchObject({ count: 51 });
  expect(rejected('revoked')).toMatchObject({ count: 2, people: ['eve', 'eva'] });
  expect(rejected('revoked')?.message).toMatch(/of "cleaner" was revoked/);
});
