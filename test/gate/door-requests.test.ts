import { expect, test } from 'vitest';
import { DoorKeeper } from '../../src/door/door-keeper.js';
import { SimulatedLock } from '../../src/door/simulated-lock.js';
import { doorRequests } from '../../src/gate/door-requests.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { RULE } from '../door/given.js';

test('the schedule learns of each mode and each lock that is requested, also of the mode that the door is in already', () => {
  const clock = new ManualClock();
  const orders: string[] = [];
  const door = new DoorKeeper(new SimulatedLock(clock), clock, silentLog, RULE, () => undefined);
  const requests = doorRequests(
    door,
    { ordered: async (order) => void orders.push(order) },
    { doorRequested: () => undefined },
  );
  requests.lock('office', undefined);
  requests.setMode('locked', 'office', undefined);
  requests.setMode('locked', 'office', undefined);
  requests.setMode('open-house', 'office', undefined);
  requests.lock('office', undefined);
  expect(orders).toEqual(['lock', 'locked', 'locked', 'open-house', 'lock']);
});
