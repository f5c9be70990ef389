import { expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { COUNT_MS, SyncCounter } from '../../src/report/sync-counter.js';
import { someone } from '../person/sample.js';

test('people changed by other gates are reported together, those changed by this gate are not', () => {
  const clock = new ManualClock();
  const counted: unknown[] = [];
  const counter = new SyncCounter(clock, (counts) => void counted.push(counts));
  const ada = someone('ada', [0]);
  counter.count({ id: 'ada', person: ada, origin: 'local' });
  counter.count({ id: 'ada', person: ada, origin: 'file' });
  clock.advance(COUNT_MS);
  expect(counted).toEqual([]);
  for (const id of ['ada', 'bob']) counter.count({ id, person: ada, origin: 'site' });
  counter.count({ id: 'eve', person: undefined, origin: 'site' });
  expect(counted).toEqual([]);
  clock.advance(COUNT_MS);
  expect(counted).toEqual([{ changed: 2, removed: 1 }]);
  counter.count({ id: 'eve', person: undefined, origin: 'site' });
  counter.flush();
  clock.advance(COUNT_MS);
  expect(counted).toEqual([
    { changed: 2, removed: 1 },
    { changed: 0, removed: 1 },
  ]);
});
