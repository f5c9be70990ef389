import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/kit/system-clock.js';
import { forgetAfterMs } from '../../../src/site/sync/absence.js';
import { STRANGERS_MAX } from '../../../src/store/people-document.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { until } from '../until.js';
import { MemoryPeople, person, version } from './memory-people.js';
import { keepAt, type RecordGate, recordAt, recordGate, recordTopic, settled } from './record-gate.js';

const DAY = 86_400_000;
let broker: MemoryBroker;
let ends: (() => void)[];
beforeEach(() => {
  broker = new MemoryBroker(systemClock);
  ends = [];
});
afterEach(() => {
  for (const end of ends) end();
});

function gate(...given: Parameters<typeof recordGate> extends [unknown, ...infer R] ? R : never): RecordGate {
  const made = recordGate(broker, ...given);
  ends.push(() => made.sync.stop());
  return made;
}
const topic = recordTopic;
const atBroker = (id: string) => recordAt(broker, id);
const keep = (id: string, record: unknown) => keepAt(broker, id, record);
const removal = (at: string) => ({ removed: true, version: at });

test('200,000 forged removals at the broker cost bounded memory, and the site goes on enrolling and removing', async () => {
  for (let i = 0; i < 200_000; i++) keep(`forged-${i}`, removal(version(i)));
  keep('zoe', person('zoe', version(1)));
  const people = new MemoryPeople();
  people.put(person('ada', version(1)));
  const north = gate('north', people);
  await until('the gate has compared', () => north.sync.settled, 60);
  await until('it knows Zoe, who came last', () => people.get('zoe') !== undefined, 60);
  expect(people.tombstones().size).toBeLessThanOrEqual(STRANGERS_MAX);
  keep('late', person('late', version(2)));
  people.remove('ada');
  await until(
    'both are done',
    () => people.get('late') !== undefined && JSON.stringify(atBroker('ada')).includes('removed'),
    60,
  );
  expect(people.tombstones().get('ada')?.stranger).toBeUndefined();
  await until('what was not taken is told', () => north.rejected.some(({ reason }) => reason === 'too-many'), 60);
}, 120_000);

test('a removal that was kept long enough is cleared at the broker, and no gate puts it back', async () => {
  const [people, others] = [new MemoryPeople(), new MemoryPeople()];
  const old = version(1e9 - forgetAfterMs(400) - 1);
  for (const one of [people, others]) one.remove('ada', old);
  others.remove('eve', version(1e9 - 400 * DAY));
  keep('bob', removal(old));
  const [north, south] = [gate('north', people), gate('south', others)];
  await Promise.all([settled(north), settled(south)]);
  await until(
    'who was never known here is cleared, too',
    () => atBroker('bob') === undefined && atBroker('eve') !== undefined,
  );
  await people.purgeTombstones(forgetAfterMs(400));
  await others.purgeTombstones(forgetAfterMs(400));
  await until('neither knows of it', () => !people.tombstones().has('ada') && !others.tombstones().has('ada'));
  expect([atBroker('ada'), [...people.tombstones().keys()]]).toEqual([undefined, ['eve']]);
  expect([...north.published, ...south.published].filter((one) => one === 'ada')).toEqual([]);
});

test('somebody enrolled is removed by a removal however old, and it is not cleared then', async () => {
  const people = new MemoryPeople();
  people.put(person('ada', version(1)));
  const north = gate('north', people);
  await settled(north);
  keep('ada', removal(version(1e9 - 500 * DAY)));
  await until('Ada is removed', () => people.get('ada') === undefined);
  expect([people.tombstones().has('ada'), atBroker('ada')]).toEqual([true, removal(version(1e9 - 500 * DAY))]);
});

test('a gate that may have been away puts nobody back, but removals and what is changed here; later it does', async () => {
  const people = new MemoryPeople();
  for (const id of ['ada', 'bob']) people.put(person(id, version(1)));
  people.remove('eve', version(2));
  keep('bob', person('bob', version(0)));
  let held = true;
  const north = gate('north', people, { holdsBack: () => held });
  await settled(north);
  people.put(person('new', version(3)));
  await until('what may be sent is there', () => north.published.length === 3);
  expect(north.published.sort()).toEqual(['bob', 'eve', 'new']);
  expect(atBroker('ada')).toBeUndefined();
  held = false;
  north.sync.refill();
  await until('Ada is there', () => atBroker('ada') !== undefined);
});

test('templates that were swapped under an equal version are noticed, and all gates take the same ones', async () => {
  const swapped = (name: string) => person('ada', version(5), { name });
  const [one, other] = [new MemoryPeople(), new MemoryPeople()];
  one.put(swapped('One'));
  other.put(swapped('Other'));
  const [north, south] = [gate('north', one), gate('south', other)];
  await Promise.all([settled(north), settled(south)]);
  await until('both know the same', () => one.get('ada')?.name === other.get('ada')?.name);
  expect(atBroker('ada')).toMatchObject({ name: one.get('ada')?.name });
});

test('a gate that orders records otherwise and answers each of them is not answered for ever', async () => {
  const people = new MemoryPeople();
  people.put(person('ada', version(1)));
  people.remove('ada');
  const north = gate('north', people);
  await settled(north);
  // A gate of before whose clock is years ahead: to it the removal is older.
  const stubborn = broker.link();
  const stubbornly = JSON.stringify(person('ada', version(1e12)));
  let answers = 0;
  stubborn.onMessage(({ topic: to, payload }) => {
    if (!Buffer.from(payload).toString().includes('removed')) return;
    answers++;
    void stubborn.publish(to, stubbornly, { retain: true, qos: 1 });
  });
  stubborn.onUp(() => void stubborn.subscribe([topic('ada')]));
  stubborn.start();
  await until('it has answered', () => answers >= 2);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(north.published.filter((one) => one === 'ada').length).toBeLessThanOrEqual(2);
  expect(people.get('ada')).toBeUndefined();
});

test('records that another gate missed are read anew and sent once more', async () => {
  const north = gate('north');
  await settled(north);
  north.people.put(person('ada', version(1)));
  north.people.put(person('bob', version(1)));
  await until('both are there', () => atBroker('bob') !== undefined && atBroker('ada') !== undefined);
  north.published.length = 0;
  await north.sync.repair(['ada']);
  await until('Ada was sent', () => north.published.length > 0);
  expect(north.published).toEqual(['ada']);
});

test('messages that cannot be read keep no gate from sharing its people', async () => {
  const people = new MemoryPeople();
  people.put(person('ada', version(1)));
  const junk = setInterval(() => keep('x', 'x'), 20);
  ends.push(() => clearInterval(junk));
  await settled(gate('north', people));
  await until('Ada is at the broker', () => atBroker('ada') !== undefined);
});
