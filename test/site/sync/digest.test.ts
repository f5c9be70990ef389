import { expect, test } from 'vitest';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import type { Difference } from '../../../src/site/sync/peers.js';
import { BUCKETS, bucketOf, PeopleDigest } from '../../../src/site/sync/people-digest.js';
import { Repair } from '../../../src/site/sync/repair.js';
import { topicsOf } from '../../../src/site/topics.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { MemoryPeople, person, version } from './memory-people.js';

const filled = async (people: MemoryPeople) => {
  const digest = new PeopleDigest(people);
  await digest.fill();
  people.onChange(({ id }) => digest.changed(id));
  return digest;
};
const crowd = (count: number) => {
  const people = new MemoryPeople();
  for (let i = 0; i < count; i++) people.put(person(`p${i}`, version(i)));
  return people;
};

test('the digest follows every change, and only the part of who changed is another', async () => {
  const people = crowd(1_000);
  const digest = await filled(people);
  const [before, summary] = [digest.digests(), digest.summary()];
  people.put(person('p7', version(7), { name: 'Other' }));
  const after = digest.digests();
  expect(before.flatMap((one, i) => (one === after[i] ? [] : [i]))).toEqual([bucketOf('p7')]);
  people.put(person('p7', version(7)));
  expect(digest.summary()).toEqual(summary);
  people.remove('p7', version(8));
  expect([digest.summary().count, digest.summary().hash === summary.hash]).toEqual([999, false]);
  expect(digest.summary()).toEqual((await filled(people)).summary());
});

test('people are hashed in slices: the event loop turns after every few with many templates', async () => {
  const people = new MemoryPeople();
  const template = { encoder: 'test@000000000000', quality: 0.9, added: '2026-11-24T08:00:00.000Z' };
  const templates = Array.from({ length: 10 }, () => ({ ...template, vector: 'A'.repeat(5_464) }));
  for (let i = 0; i < 200; i++) people.put(person(`p${i}`, version(i), { templates }));
  let [turns, going] = [0, true];
  const turn = () => {
    turns++;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  await new PeopleDigest(people).fill();
  going = false;
  expect(turns).toBeGreaterThan(40);
});

test('a difference costs the records of the parts that differ', async () => {
  const [ours, theirs] = [crowd(1_000), crowd(1_000)];
  theirs.put(person('p7', version(7), { name: 'Other' }));
  const [digest, other] = [await filled(ours), await filled(theirs)];
  const broker = new MemoryBroker(new ManualClock());
  const link = broker.link();
  link.start();
  const topics = topicsOf({ site: 'home', gate: 'north' });
  const payload = JSON.stringify({ v: 1, hash: other.summary().hash, buckets: other.digests().join('') });
  broker.route({ topic: topics.digest('south'), payload: Buffer.from(payload), retain: true });
  const forged = JSON.stringify({ v: 1, hash: other.summary().hash, buckets: '0'.repeat(4096) });
  const sent: (readonly string[])[] = [];
  const repair = new Repair({
    link,
    topics,
    clock: new ManualClock(),
    log: silentLog,
    digest,
    resend: async (ids) => void sent.push(ids),
  });
  await new Promise((resolve) => setImmediate(resolve));
  const differing: Difference[] = [
    { gate: 'west', people: other.summary() },
    { gate: 'south', people: other.summary() },
    { gate: 'before', people: { revision: '', count: 3, hash: 'bb' } },
  ];
  await repair.run([]);
  expect(sent).toEqual([]);
  link.onMessage(({ topic, payload }) => {
    // Whoever may write there is quicker than the gate.
    if (topic === topics.digest('south')) repair.receive('south', Buffer.from(forged));
    repair.receive(topic.split('/')[3] ?? '', payload);
  });
  await repair.run(differing);
  expect(sent).toEqual([digest.ids(bucketOf('p7'))]);
  expect(sent[0]).toContain('p7');
  expect(sent[0]?.length).toBeLessThan((3 * 1_000) / BUCKETS + 20);
});
