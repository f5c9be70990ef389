import { expect, test } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { ModeMemory } from '../../src/service/mode-memory.js';
import { tempFolder } from '../store/sample.js';

test('the mode and what the plan had asked for are there after a restart', async () => {
  const [state, clock] = [await tempFolder(), new ManualClock()];
  const open = () => ModeMemory.open(state, { clock, log: silentLog });
  const first = await open();
  expect([first.mode, first.planned]).toEqual(['normal', undefined]);
  const atMs = clock.wall();
  first.note('locked', 'open-house', atMs);
  await first.close();
  const again = await open();
  expect([again.mode, again.planned]).toEqual(['locked', { mode: 'open-house', atMs }]);
  again.note('locked', 'open-house', atMs);
  again.note('normal', undefined, undefined);
  await again.close();
  const last = await open();
  expect([last.mode, last.planned]).toEqual(['normal', undefined]);
});

test('open house that the plan had begun is left to the plan, open house by hand stays', async () => {
  const [state, clock] = [await tempFolder(), new ManualClock()];
  const open = () => ModeMemory.open(state, { clock, log: silentLog });
  const byPlan = await open();
  byPlan.note('open-house', 'open-house', clock.wall());
  await byPlan.close();
  const next = await open();
  expect([next.mode, next.planned]).toEqual(['normal', undefined]);
  next.note('open-house', 'normal', undefined);
  await next.close();
  const byHand = await open();
  expect([byHand.mode, byHand.planned]).toEqual(['open-house', { mode: 'normal', atMs: undefined }]);
});
