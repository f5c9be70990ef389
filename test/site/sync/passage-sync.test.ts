import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../../src/kit/clock.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { NO_PASSAGES } from '../../../src/passback/passages-file.js';
import type { Passage } from '../../../src/passback/passback.js';
import { Whereabouts } from '../../../src/passback/whereabouts.js';
import { Calendar } from '../../../src/schedule/calendar.js';
import { passageRecords } from '../../../src/site/sync/passage-records.js';
import { RecordSync } from '../../../src/site/sync/record-sync.js';
import { parseTopic, topicsOf } from '../../../src/site/topics.js';
import { turn } from '../../journal/harness.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { until } from '../until.js';
import { MemoryPeople, person, version } from './memory-people.js';

let broker: MemoryBroker;
let ends: (() => void)[];
beforeEach(() => {
  broker = new MemoryBroker(systemClock);
  ends = [];
});
afterEach(() => {
  for (const end of ends) end();
});

const topic = (id: string) => topicsOf({ site: 'home', gate: 'x' }).passage(id);
const passage = (change: Partial<Passage> = {}): Passage => {
  const now = systemClock.wall();
  return { inside: true, since: new Date(now).toISOString(), version: `${now}-0000-out`, ...change };
};
const keep = (id: string, record: unknown) =>
  broker.route({ topic: topic(id), payload: Buffer.from(JSON.stringify(record)), retain: true });
const removed = (...ids: string[]) => {
  const people = new MemoryPeople();
  for (const id of ids) people.remove(id, version(2));
  return people;
};

function gate(name: string, people = new MemoryPeople(), clock: Clock = systemClock) {
  const link = broker.link();
  const names = { site: 'home', gate: name };
  const published: string[] = [];
  let refused = 0;
  const publish = link.publish.bind(link);
  link.publish = (to, payload, options) => {
    if (options.retain && refused-- > 0) return Promise.reject(new Error('refused'));
    if (options.retain) published.push(`${to.split('/').at(-1)}${payload.length === 0 ? ' cleared' : ''}`);
    return publish(to, payload, options);
  };
  const whereabouts = new Whereabouts({
    rule: { mode: 'hard', direction: 'in', resetAt: [] },
    calendar: new Calendar('UTC'),
    gate: name,
    people,
    file: { found: NO_PASSAGES, save: () => undefined, saveNow: async () => undefined },
    clock,
    trustedClock: { trusted: true },
    hasContact: false,
    pulseMs: 3000,
    onPassed: () => undefined,
    onViolation: () => undefined,
  });
  let merges = 0;
  const records = passageRecords(whereabouts, topicsOf(names), clock);
  const sync = new RecordSync({
    link,
    records: {
      ...records,
      merge(id, one) {
        merges++;
        return records.merge(id, one);
      },
    },
    marker: topicsOf(names).sync,
    clock,
    log: silentLog,
    onRejected: () => undefined,
    onProblem: () => undefined,
  });
  link.onMessage(({ topic: from, payload }) => {
    const parsed = parseTopic(names, from);
    if (parsed?.kind === 'passage') sync.receive(parsed.id, payload);
    if (parsed?.kind === 'sync') sync.receiveMarker(payload);
  });
  link.onUp(() => sync.up());
  link.onDown(() => sync.down());
  ends.push(() => sync.stop());
  link.start();
  const refuse = (publishes: number) => {
    refused = publishes;
  };
  return { people, whereabouts, sync, published, merges: () => merges, refuse };
}
const settled = (one: ReturnType<typeof gate>) =>
  until('the gate was compared with the broker', () => one.sync.settled);

test('the passage of a removed person is removed from the broker, too', async () => {
  const north = gate('north');
  await settled(north);
  north.people.put(person('ada', version(1)));
  north.whereabouts.letIn('ada');
  await until('the broker knows where Ada is', () => broker.retained(topic('ada')) !== undefined);
  north.people.remove('ada', version(2));
  await until('the broker has forgotten', () => broker.retained(topic('ada')) === undefined);
});

test('the passage of a person who was removed meanwhile is cleared when the gate reconnects', async () => {
  keep('ada', passage());
  keep('bob', passage());
  const north = gate('north', removed('ada'));
  await settled(north);
  await until('the broker has forgotten Ada', () => broker.retained(topic('ada')) === undefined);
  expect(broker.retained(topic('bob'))).toBeDefined();
  expect(north.published).toEqual(['ada cleared']);
});

test('a gate that does not know of a removal yet may restore the record, and clears it once it knows', async () => {
  const [north, south] = [gate('north', removed('ada')), gate('south')];
  await Promise.all([settled(north), settled(south)]);
  south.whereabouts.letIn('ada');
  // South restores the record that north has cleared, once.
  await until('south has put it back', () => south.published.length === 2);
  await until('the broker has it', () => broker.retained(topic('ada')) !== undefined);
  expect(north.published).toEqual(['ada cleared']);
  south.people.remove('ada', version(2));
  await until('the broker has forgotten', () => broker.retained(topic('ada')) === undefined);
});

test('a person who is enrolled and removed again is cleared again, and so is a record that could not be cleared at once', async () => {
  const north = gate('north');
  await settled(north);
  for (const round of [1, 2]) {
    north.people.put(person('ada', version(2 * round)));
    north.whereabouts.letIn('ada');
    await until('the broker knows where Ada is', () => broker.retained(topic('ada')) !== undefined);
    if (round === 2) north.refuse(1);
    north.people.remove('ada', version(2 * round + 1));
    await until('the broker has forgotten', () => broker.retained(topic('ada')) === undefined);
  }
}, 30_000);

test('a record from the future is replaced by what this gate sees, and is not restored', async () => {
  const ahead = passage({ version: `${systemClock.wall() + 40 * 86_400_000}-0000-in` });
  keep('ada', ahead);
  const north = gate('north');
  await settled(north);
  expect(north.published).toEqual([]);
  north.whereabouts.letIn('ada');
  await until('the broker knows better', () => !String(broker.retained(topic('ada'))?.payload).includes(ahead.version));
  expect(north.published).toEqual(['ada']);
});

test('what replaced a record from the future stays, even when the time of that record has come', async () => {
  const clock = new ManualClock(systemClock.wall());
  const ahead = passage({ version: `${clock.wall() + 10 * 60_000}-0000-in` });
  keep('ada', ahead);
  const north = gate('north', new MemoryPeople(), clock);
  await until('the gate was compared with the broker', () => {
    clock.advance(10);
    return north.sync.settled;
  });
  await until('it was set aside', () => north.merges() === 1);
  clock.advance(60_000);
  await until('it was tried again', () => north.merges() === 2);
  keep('ada', passage({ inside: false, version: `${clock.wall()}-0000-out` }));
  await until('the newer is known', () => north.merges() === 3);
  for (let minute = 0; minute < 15; minute++) {
    clock.advance(60_000);
    await turn();
  }
  expect([north.merges(), north.whereabouts.refuses('ada')]).toEqual([3, false]);
});

test('ten thousand records do not delay the door: after every few hundred, pulses end and wires are read', async () => {
  for (let i = 0; i < 10_000; i++) keep(`p${i}`, passage());
  const north = gate('north');
  let most = 0;
  let before = 0;
  const turn = () => {
    most = Math.max(most, north.merges() - before);
    before = north.merges();
    if (before < 10_000) setImmediate(turn);
  };
  setImmediate(turn);
  await settled(north);
  await until('all are known', () => north.whereabouts.refuses('p9999'));
  await until('the last turn has been counted', () => before === 10_000);
  expect(most).toBeLessThan(500);
});
