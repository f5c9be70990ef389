import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openDoor } from '../../src/door/open-door.js';
import { Endings } from '../../src/kit/endings.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { given } from '../config/given.js';

const { config } = given('door: {kind: gpio, gpio: {backend: simulated}, relay: {line: 17}}');
const opening = (run: string, warn = vi.fn()) => ({
  config,
  paths: { state: run, cache: run, run },
  clock: new ManualClock(),
  log: { ...silentLog, warn } as typeof silentLog,
  endings: new Endings(),
  vault: Vault.plain(),
  warnings: [],
});
const folder = () => mkdtempSync(join(tmpdir(), 'kaimon-door-'));

test('a second gate is refused before it moves the relay, until the first has ended', async () => {
  const run = folder();
  const first = opening(run);
  await openDoor(first);
  const second = openDoor(opening(run));
  await expect(second).rejects.toMatchObject({ code: 'KAIMON_DOOR_LOCKED' });
  await first.endings.close();
  const third = opening(run);
  await openDoor(third);
  await third.endings.close();
});

test('a lock that cannot be written costs the notice of a second gate and not the door', async () => {
  const run = folder();
  mkdirSync(join(run, 'door-lock'));
  const warn = vi.fn();
  const parts = opening(run, warn);
  const door = await openDoor(parts);
  expect(warn).toHaveBeenCalledWith(expect.anything(), 'a second gate on the same door would not be noticed');
  expect(door.keeper.open()).toBe(true);
  expect(door.problems()).toEqual([
    expect.stringMatching(/^a second gate on the same door would not be noticed until this one is started again: /),
  ]);
  await parts.endings.close();
});
