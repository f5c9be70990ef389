import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { FUTURE_MAX_MS } from '../../../src/person/version.js';
import { InfoReader } from '../../../src/site/info/info-reader.js';
import { RECORD_MAX } from '../../../src/site/messages.js';
import { Burst } from '../../../src/site/sync/burst.js';
import { differenceText, Peers } from '../../../src/site/sync/peers.js';
import { summaryOf } from '../../../src/site/sync/people-digest.js';
import { readRecord } from '../../../src/site/sync/people-records.js';
import type { SiteRecord } from '../../../src/store/merge.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { until } from '../until.js';
import { MemoryPeople, person, version } from './memory-people.js';
import { keepAt, type RecordGate, recordAt, recordGate, recordTopic, settled } from './record-gate.js';

let broker: MemoryBroker;
let ends: (() => void)[];

function gate(...given: Parameters<typeof recordGate> extends [unknown, ...infer R] ? R : never): RecordGate {
  const made = recordGate(broker, ...given);
  ends.push(() => made.sync.stop());
  return made;
}
const topic = recordTopic;
const atBroker = (id: string) => recordAt(broker, id);
const keep = (id: string, record: unknown) => keepAt(broker, id, record);

beforeEach(() => {
  broker = new MemoryBroker(systemClock);
  ends = [];
});
afterEach(() => {
  for (const end of ends) end();
});

test('a person enrolled at one gate is known at the other, and one removed there is gone here', async () => {
  const [north, south] = [gate('north'), gate('south')];
  await Promise.all([settled(north), settled(south)]);
  north.people.put(person('ada', version(1)));
  await until('south knows Ada', () => south.people.get('ada') !== undefined);
  expect(south.people.get('ada')).toEqual(north.people.get('ada'));
  south.people.remove('ada', version(2));
  await until('north forgot Ada', () => north.people.get('ada') === undefined);
  expect(atBroker('ada')).toMatchObject({ removed: true, version: version(2) });
});

test('a gate that reconnects sends what it learned and takes what it missed; the newest version wins', async () => {
  const people = new MemoryPeople();
  people.put(person('mine', version(1)));
  people.put(person('newer-here', version(5), { name: 'Here' }));
  people.put(person('newer-there', version(5), { name: 'Here' }));
  people.remove('removed-here', version(9));
  people.put(person('removed-there', version(1)));
  keep('theirs', person('theirs', version(1)));
  keep('newer-here', person('newer-here', version(4), { name: 'There' }));
  keep('newer-there', person('newer-there', version(6), { name: 'There' }));
  keep('removed-here', person('removed-here', version(8)));
  keep('removed-there', { removed: true, version: version(2) });
  const north = gate('north', people);
  await settled(north);
  await until('the broker has what it lacked', () => north.published.length === 3);
  expect(people.ids()).toEqual(['mine', 'newer-here', 'newer-there', 'theirs']);
  expect(people.get('newer-there')?.name).toBe('There');
  expect(north.published.sort()).toEqual(['mine', 'newer-here', 'removed-here']);
  expect(atBroker('newer-here')).toMatchObject({ name: 'Here' });
  expect(atBroker('removed-here')).toMatchObject({ removed: true });
});

test('a broker that forgot everything is filled again', async () => {
  const north = gate('north');
  await settled(north);
  north.people.put(person('ada', version(1)));
  north.people.remove('bob', version(2));
  await until('the broker has both', () => atBroker('ada') !== undefined && atBroker('bob') !== undefined);
  broker.kill();
  north.people.put(person('eve', version(3)));
  broker.restart();
  await until('the broker has all three', () => ['ada', 'bob', 'eve'].every((id) => atBroker(id) !== undefined));
});

test('a cleared record removes no person and is restored', async () => {
  const north = gate('north');
  await settled(north);
  north.people.put(person('ada', version(1)));
  await until('the broker has Ada', () => atBroker('ada') !== undefined);
  broker.route({ topic: topic('ada'), payload: new Uint8Array(), retain: true });
  await until('the broker has Ada again', () => atBroker('ada') !== undefined);
  expect(north.people.get('ada')).toBeDefined();
});

test('an older record at the broker is replaced by the newer one of this gate', async () => {
  const north = gate('north');
  await settled(north);
  north.people.put(person('ada', version(5)));
  await until('the broker has Ada', () => atBroker('ada') !== undefined);
  keep('ada', person('ada', version(4), { name: 'Old' }));
  await until('the newer one is back', () => (atBroker('ada') as { name: string }).name === 'ADA');
  expect(north.people.get('ada')?.version).toBe(version(5));
});

test('records that are invalid, foreign or from the future change no person and are reported', async () => {
  const people = new MemoryPeople(1_000 - FUTURE_MAX_MS - 1);
  people.put(person('ada', version(1)));
  people.put(person('eve', version(1)));
  keep('ada', 'rubbish');
  keep('bob', person('mallory', version(2)));
  keep('eve', person('eve', version(1_000), { name: 'Later' }));
  const north = gate('north', people);
  await until('both kinds are reported', () => north.rejected.length === 2);
  expect(north.rejected).toMatchObject([
    { reason: 'invalid', count: 2, people: ['ada', 'bob'] },
    { reason: 'future', count: 1, people: ['eve'] },
  ]);
  expect(people.ids()).toEqual(['ada', 'eve']);
  expect(people.get('eve')?.name).toBe('EVE');
  // A valid record replaces the broken one, and the one from the future.
  await until('both are replaced', () => ['ada', 'eve'].every((one) => north.published.includes(one)));
  expect(atBroker('eve')).toMatchObject({ name: 'EVE' });
});

test('a thousand records at the start are saved together', async () => {
  for (let i = 0; i < 1_000; i++) keep(`p${i}`, person(`p${i}`, version(i)));
  const north = gate('north');
  await settled(north);
  expect(north.people.size).toBe(1_000);
  expect(north.people.saves).toBeLessThan(10);
  expect(north.published).toEqual([]);
});

test('a record that was lost in a large burst is asked for by name before an older one could overwrite it', async () => {
  for (let i = 0; i < 600; i++) keep(`p${i}`, person(`p${i}`, version(i)));
  keep('ada', person('ada', version(9), { name: 'Newer' }));
  const people = new MemoryPeople();
  people.put(person('ada', version(1)));
  people.put(person('bob', version(1)));
  const all = broker.keptFor.bind(broker);
  broker.keptFor = (filter) => all(filter).filter((kept) => !filter.endsWith('+') || kept.topic !== topic('ada'));
  const north = gate('north', people);
  await settled(north);
  expect(people.get('ada')?.name).toBe('Newer');
  await until('the broker has Bob', () => north.published.length > 0);
  expect(north.published).toEqual(['bob']);
});

describe('one record', () => {
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

  test.each<[string, Uint8Array, SiteRecord | undefined, string]>([
    ['of an unknown person is newer', bytes(person('ada', version(1))), undefined, 'newer'],
    ['of a newer version is newer', bytes(person('ada', version(2))), person('ada', version(1)), 'newer'],
    ['of the same content is the same', bytes(person('ada', version(1))), person('ada', version(1)), 'same'],
    ['of an older version is older', bytes(person('ada', version(1))), person('ada', version(2)), 'older'],
    ['that removes is newer', bytes({ removed: true, version: version(3) }), person('ada', version(2)), 'newer'],
    [
      'that removes is newer whatever its date',
      bytes({ removed: true, version: version(1) }),
      person('ada', version(2)),
      'newer',
    ],
    [
      'of a person who was removed is older',
      bytes(person('ada', version(2))),
      { id: 'ada', removed: true, version: version(1) },
      'older',
    ],
    ['that is empty is empty', new Uint8Array(), person('ada', version(1)), 'empty'],
    ['of another person is invalid', bytes(person('bob', version(1))), undefined, 'invalid'],
    [
      'that removes another person is invalid',
      bytes({ id: 'bob', removed: true, version: version(1) }),
      undefined,
      'invalid',
    ],
    ['without a version is invalid', bytes({ removed: true }), undefined, 'invalid'],
    ['that is enormous is invalid', Buffer.alloc(RECORD_MAX + 1, 0x20), undefined, 'invalid'],
    ['that is not JSON is invalid', Buffer.from('ada'), undefined, 'invalid'],
  ])('%s', (_rule, payload, own, expected) => {
    const people = new MemoryPeople();
    if (own) people.memory.set(own, 'local');
    expect(readRecord('ada', payload, people).kind).toBe(expected);
  });
});

describe('what gates know of each other', () => {
  const own = { revision: '', count: 3, hash: 'aa', buckets: 256 };
  const info = (hash: string, count = 2, buckets: number | undefined = 256) =>
    Buffer.from(JSON.stringify({ version: '1', people: { revision: '', count, hash, buckets } }));
  const state = (status: string) => Buffer.from(JSON.stringify({ status }));
  const unsignedPeers = () => {
    const monotonic = () => new ManualClock().monotonic();
    const infos = new InfoReader({ site: 'home', keyring: undefined, monotonic, now: () => undefined });
    return new Peers({ infos, signed: false, monotonic });
  };
  const problem = (peers: Peers) => differenceText(own, peers.differing(own));

  test('a difference is a problem when it lasts', () => {
    const peers = unsignedPeers();
    peers.receive('state', 'south', state('online'));
    peers.receive('info', 'south', info('bb'));
    expect(problem(peers)).toBeUndefined();
    expect(problem(peers)).toBe('people-differ: this gate knows 3 people, south knows 2');
    peers.receive('info', 'south', info('aa', 3));
    expect(problem(peers)).toBeUndefined();
    expect(peers.agreeing(own)).toEqual(['south']);
  });

  test('a gate that is offline or sends invalid data is not compared', () => {
    const peers = unsignedPeers();
    peers.receive('state', 'south', state('online'));
    peers.receive('info', 'south', info('bb'));
    peers.receive('state', 'south', state('offline'));
    peers.receive('info', 'west', Buffer.from('{'));
    problem(peers);
    expect(problem(peers)).toBeUndefined();
  });

  test('of a gate of before, which has another hash, number and newest version are compared', () => {
    const peers = unsignedPeers();
    peers.receive('state', 'south', state('online'));
    const earlier = (count: number) =>
      Buffer.from(JSON.stringify({ version: '1', people: { revision: '', count, hash: 'bb' } }));
    peers.receive('info', 'south', earlier(3));
    problem(peers);
    expect(problem(peers)).toBeUndefined();
    peers.receive('info', 'south', earlier(2));
    problem(peers);
    expect(problem(peers)).toBe('people-differ: this gate knows 3 people, south knows 2');
  });

  test('the summary is the same whatever the order of enrolment, and another where a template is', async () => {
    const [a, b] = [new MemoryPeople(), new MemoryPeople()];
    for (const id of ['ada', 'bob']) a.put(person(id, version(1)));
    for (const id of ['bob', 'ada']) b.put(person(id, version(1)));
    expect(await summaryOf(a)).toEqual(await summaryOf(b));
    expect((await summaryOf(a)).revision).toBe(version(1));
    const added = { encoder: 'test@000000000000', vector: 'AAAAAA==', quality: 1, added: '2026-11-24T08:00:00.000Z' };
    b.put(person('bob', version(1), { templates: [added] }));
    expect((await summaryOf(a)).hash).not.toBe((await summaryOf(b)).hash);
  });
});

describe('the end of a burst', () => {
  const begin = async () => {
    const clock = new ManualClock();
    const markers: string[] = [];
    const link = broker.link();
    link.publish = async (_topic, payload) => {
      markers.push(String(payload));
    };
    const burst = new Burst({ link, clock, log: silentLog, topic: 'sync', name: 'people' });
    let over = false;
    void burst
      .over(() => false)
      .then(() => {
        over = true;
      });
    /** Time passes in small steps; after each, pending work is done. */
    const pass = async (ms: number) => {
      for (let left = ms; left > 0; left -= 25) {
        clock.advance(25);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return over;
    };
    await pass(25);
    return { burst, pass, marker: Buffer.from(markers[0] ?? '') };
  };

  test('does not come before the gate’s own marker is back, however quiet it is', async () => {
    const { burst, pass, marker } = await begin();
    expect(await pass(5_000)).toBe(false);
    burst.receiveMarker(Buffer.from('people 999999'));
    burst.receiveMarker(Buffer.from(marker.toString().replace('people', 'passages')));
    burst.receiveMarker(Buffer.from('rubbish'));
    expect(await pass(500)).toBe(false);
    burst.receiveMarker(marker);
    expect(await pass(50)).toBe(true);
  });

  test('does not come while records arrive, with or without the marker', async () => {
    const { burst, pass, marker } = await begin();
    burst.receiveMarker(marker);
    for (let i = 0; i < 10; i++) {
      burst.received(`p${i}`);
      expect(await pass(200)).toBe(false);
    }
    expect(await pass(300)).toBe(true);
  });

  test('comes after ten quiet seconds without the marker: a gate without the right to it still syncs', async () => {
    const { pass } = await begin();
    expect(await pass(9_000)).toBe(false);
    expect(await pass(1_100)).toBe(true);
  });
});

test('a person who is found in the file while the gate runs is shared at once', async () => {
  const [north, south] = [gate('north'), gate('south')];
  await settled(north);
  await settled(south);
  north.people.find(person('ada', version(1)));
  await until('the other gate knows her', () => south.people.get('ada') !== undefined);
  expect([north.published, south.published]).toEqual([['ada'], []]);
});
