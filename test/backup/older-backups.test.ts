import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupName, removeOlder, removeUnfinished } from '../../src/backup/older-backups.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { systemClock } from '../../src/kit/system-clock.js';
import { tempFolder } from '../store/sample.js';

const NORTH = { site: 'home', gate: 'north' };
const named = (time: string, gate = 'north') => `kaimon-home-${gate}-${time}T03-10-00-000Z.age`;

async function folderOf(...names: readonly string[]): Promise<string> {
  const folder = await tempFolder();
  for (const name of names) writeFileSync(join(folder, name), '');
  return folder;
}

test.each([1, 2, 3, 4, 9])('of four backups %i are kept, the new one first of all', async (keep) => {
  const names = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04'].map((time) => named(time));
  const folder = await folderOf(...names, named('2026-10-01', 'south'), 'notes.age');
  const made = join(folder, names[3] ?? '');
  expect(await removeOlder(made, NORTH, keep)).toEqual({ removed: Math.max(0, 4 - keep), later: [] });
  expect(readdirSync(folder).filter((name) => names.includes(name))).toEqual(names.slice(-keep));
  expect(readdirSync(folder)).toContain(named('2026-10-01', 'south'));
});

test('names of a wrong clock never push out the new one: they are told of, and stay', async () => {
  const later = [named('2099-01-01'), named('2099-01-02')];
  const [made, old] = [named('2026-11-29'), named('2026-11-28')];
  const folder = await folderOf(made, old, ...later);
  expect(await removeOlder(join(folder, made), NORTH, 1)).toEqual({ removed: 1, later });
  expect(readdirSync(folder).sort()).toEqual([made, ...later]);
});

test('what a killed backup has left goes, one that is at work stays', async () => {
  const temp = `.${backupName(NORTH, new ManualClock(0))}.0123456789ab.tmp`;
  const busy = `.${backupName(NORTH, systemClock)}.0123456789ab.tmp`;
  const folder = await folderOf(temp, busy, '.other.tmp');
  utimesSync(join(folder, temp), 1, 1);
  utimesSync(join(folder, '.other.tmp'), 1, 1);
  await removeUnfinished(folder, NORTH, systemClock);
  expect(readdirSync(folder).sort()).toEqual([busy, '.other.tmp'].sort());
});
