import { expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { COUNT_MS, SyncCounter } from '../../src/report/sync-counter.js';
import { someone } from '../person/sample.js';

test('what other gates changed is told together, what this one changed is not', () => {
  const clock = new ManualClock();
  const told: unknown[] = [];
  const tally = new SyncCounter(clock, (counts) => void told.push(counts));
  const ada = someone('ada', [0]);
  tally.note({ id: 'ada', person: ada, origin: 'local' });
  clock.advance(COUNT_MS);
  expect(told).toEqual([]);
  for (const id of ['ada', 'bob']) tally.note({ id, person: ada, origin: 'site' });
  tally.note({ id: 'eve', person: undefined, origin: 'site' });
  expect(told).toEqual([]);
  clock.advance(COUNT_MS);
  expect(told).toEqual([{ changed: 2, removed: 1 }]);
  tally.note({ id: 'eve', person: undefined, origin: 'site' });
  tally.flush();
  clock.advance(COUNT_MS);
  expect(told).toEqual([
    { changed: 2, removed: 1 },
    { changed: 0, removed: 1 },
  ]);
});
