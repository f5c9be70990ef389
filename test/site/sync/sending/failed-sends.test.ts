import { expect, test } from 'vitest';
import { silentLog } from '../../../../src/kit/log.js';
import { ManualClock } from '../../../../src/kit/manual-clock.js';
import { peopleRecords } from '../../../../src/site/sync/people-records.js';
import { RecordSync } from '../../../../src/site/sync/record-sync.js';
import { topicsOf } from '../../../../src/site/topics.js';
import { MemoryBroker } from '../../../support/memory-link.js';
import { MemoryPeople, person, version } from '../memory-people.js';

test('a broker that is late is not asked for everything anew: what it did not take is sent again, ever more seldom, and then the rest', async () => {
  const clock = new ManualClock();
  const link = new MemoryBroker(clock).link();
  const [tried, asked, problems]: [string[], string[], (string | undefined)[]] = [[], [], []];
  let takes = false;
  const [publish, subscribe] = [link.publish.bind(link), link.subscribe.bind(link)];
  link.publish = (topic, payload, options) => {
    if (!topic.includes('/people/')) return publish(topic, payload, options);
    tried.push(topic);
    return takes ? publish(topic, payload, options) : Promise.reject(new Error('it is late'));
  };
  link.subscribe = (filters) => {
    asked.push(...filters);
    return subscribe(filters);
  };
  const topics = topicsOf({ site: 'home', gate: 'north' });
  const people = new MemoryPeople(1e9, 'north');
  for (let i = 0; i < 50; i++) people.put(person(`p${i}`, version(i)));
  const sync = new RecordSync({
    link,
    records: peopleRecords(people, topics, { now: () => clock.wall(), forgetMs: 1e15, holdsBack: () => false }),
    marker: topics.sync,
    clock,
    log: silentLog,
    onRejected: () => undefined,
    onProblem: (text) => problems.push(text),
  });
  link.onMessage(({ topic, payload }) => {
    if (topic === topics.sync) sync.receiveMarker(payload);
    else sync.receive(topic.split('/').at(-1) ?? '', payload);
  });
  link.onUp(() => sync.up());
  link.start();
  const seconds = async (count: number) => {
    for (let i = 0; i < count * 20; i++) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await seconds(2);
  expect(tried).toHaveLength(4);
  await seconds(120);
  expect(tried.length).toBeLessThan(40);
  expect(asked.filter((topic) => topic === topics.people)).toHaveLength(1);
  expect(problems.at(-1)).toMatch(/^people-not-shared/);
  people.put(person('p7', version(90)));
  const before = tried.length;
  await seconds(21);
  expect(tried.slice(before).filter((topic) => topic.endsWith('/p7')).length).toBeGreaterThanOrEqual(4);
  takes = true;
  await seconds(65);
  expect(new Set(tried).size).toBe(50);
  expect(problems.at(-1)).toBeUndefined();
  sync.stop();
});
