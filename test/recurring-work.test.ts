import { expect, test, vi } from 'vitest';
import { Endings } from '../src/kit/endings.js';
import { silentLog } from '../src/kit/log.js';
import { ManualClock } from '../src/kit/manual-clock.js';
import { startRecurringWork } from '../src/recurring-work.js';

test('a machine that never answers about its clock, and a disk that hangs, do not keep the door from its schedule', async () => {
  const [clock, endings] = [new ManualClock(), new Endings()];
  const never = () => new Promise<never>(() => undefined);
  const follow = vi.fn();
  await startRecurringWork(
    { clock, log: silentLog, endings },
    {
      trustedClock: { check: never, trusted: true },
      whereabouts: { purge: () => undefined },
      schedule: { follow },
      pictures: { purge: never },
      people: { follow: never },
      journal: { head: undefined, purge: never },
      site: undefined,
      encoder: 'none',
    },
  );
  const atStart = follow.mock.calls.length;
  for (let minute = 0; minute < 90; minute++) {
    clock.advance(60_000);
    await new Promise(setImmediate);
  }
  expect(follow.mock.calls.length - atStart).toBe(90);
  await endings.close();
});

test('whether another process has changed the people is looked after at the start and each minute', async () => {
  const [clock, endings] = [new ManualClock(), new Endings()];
  const follow = vi.fn(() => Promise.resolve());
  const nothing = () => Promise.resolve();
  await startRecurringWork(
    { clock, log: silentLog, endings },
    {
      trustedClock: { check: nothing, trusted: true },
      whereabouts: { purge: () => undefined },
      schedule: { follow: () => undefined },
      pictures: { purge: nothing },
      people: { follow },
      journal: { head: undefined, purge: () => Promise.resolve(0) },
      site: undefined,
      encoder: 'none',
    },
  );
  for (let minute = 0; minute < 3; minute++) {
    clock.advance(60_000);
    await new Promise(setImmediate);
  }
  expect(follow).toHaveBeenCalledTimes(4);
  await endings.close();
});
