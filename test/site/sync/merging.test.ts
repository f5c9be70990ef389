import { onTestFinished, test } from 'vitest';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { Merging } from '../../../src/site/sync/merging.js';
import { peopleRecords } from '../../../src/site/sync/people-records.js';
import { Rejections } from '../../../src/site/sync/rejections.js';
import { topicsOf } from '../../../src/site/topics.js';
import { stampOf } from '../../../src/store/merge.js';
import { personText } from '../../../src/store/record.js';
import { until } from '../until.js';
import { MemoryPeople, person, version } from './memory-people.js';

test('what arrives counts at once, although the disk has not taken yet what came before', async () => {
  const clock = new ManualClock();
  const people = new MemoryPeople();
  const rules = { now: () => clock.wall(), forgetMs: Number.MAX_SAFE_INTEGER, holdsBack: () => false };
  const records = {
    ...peopleRecords(people, topicsOf({ site: 'home', gate: 'north' }), rules),
    merge: async (_id: string, record: Parameters<typeof people.merge>[0]) => {
      await people.merge(record);
      return new Promise<never>(() => undefined);
    },
  };
  const rejections = new Rejections(clock, () => undefined);
  const merging = new Merging({ records, rejections, clock, onOwnCounts: () => undefined });
  onTestFinished(() => merging.dropWaiting());
  for (const id of ['ada', 'bob']) {
    const record = person(id, version(1));
    merging.add(id, { record, stamp: stampOf(record), payload: Buffer.from(personText(record)) });
    await until(`${id} is known`, () => people.get(id) !== undefined);
  }
});
