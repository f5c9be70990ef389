import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { PeopleStore } from '../../src/store/people-store.js';
import { ENCODER, names, newcomer, openStore, tempFolder } from './sample.js';

afterEach(() => vi.restoreAllMocks());

const NOW = Date.UTC(2026, 10, 24, 8);

/** A gate with Ada and Eve, and its clock. */
async function gate() {
  const file = join(await tempFolder(), 'people.json');
  const clock = new ManualClock(NOW);
  const store = await openStore({ file, clock });
  for (const id of ['ada', 'eve']) await store.put(newcomer(id));
  return { file, clock, store };
}

/** A fault of the disk empties the lock, and another process changes the people meanwhile. */
async function meanwhile(file: string, change: (other: PeopleStore) => Promise<unknown>): Promise<void> {
  await fs.writeFile(`${file}.lock`, '');
  const other = await openStore({ file, clock: new ManualClock(NOW + 1000), gate: 'command' });
  await change(other);
  await other.close();
}

/** Lets `act` run right before the file is replaced for the `nth` time from now. */
function beforeReplacing(nth: number, act: () => Promise<void>): void {
  const { open } = fs;
  let left = nth;
  vi.spyOn(fs, 'open').mockImplementation(async (path, ...rest) => {
    if (String(path).includes('.people.json.') && !String(path).includes('.lock.') && --left === 0) await act();
    return open.call(fs, path, ...rest);
  });
}

const refusal = (code: string) => Object.assign(new Error(`${code}: refused`), { code, syscall: 'act' });

const enrolled = async (file: string) =>
  Object.keys(JSON.parse(await fs.readFile(file, 'utf8')).people as object).sort();

test.each([
  ['the file', 1],
  ['the file the second time, for its last good copy', 2],
])(
  'a lock that is lost while a removal writes %s keeps what another process has written meanwhile',
  async (_what, nth) => {
    const { file, clock, store } = await gate();
    beforeReplacing(nth, () =>
      meanwhile(file, async (other) => {
        await other.put(newcomer('bob'));
        await other.remove('eve', 'client');
      }),
    );
    await expect(store.remove('ada', 'client')).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_LOCKED' });
    expect(await enrolled(file)).toContain('bob');
    await vi.waitFor(() => {
      clock.advance(60_000);
      expect(store.fault).toBeUndefined();
    });
    await store.put(newcomer('carol'));
    expect(await enrolled(file)).toEqual(['bob', 'carol']);
    expect([...store.all()].map(({ id }) => id).sort()).toEqual(['bob', 'carol']);
    expect([...store.tombstones().keys()].sort()).toEqual(['ada', 'eve']);
    expect(await names(join(file, '..'))).toEqual(['people.json', 'people.json.last-good', 'people.json.lock']);
  },
);

test('a gate whose disk failed at the start, also where its lock was to be removed, says why and goes on once the disk is well', async () => {
  const { file, clock, store: before } = await gate();
  await before.close();
  const { open, rm } = fs;
  let well = false;
  vi.spyOn(fs, 'open').mockImplementation((path, ...rest) =>
    !well && /people\.json(\.last-good)?$/.test(String(path))
      ? Promise.reject(refusal('EIO'))
      : open.call(fs, path, ...rest),
  );
  vi.spyOn(fs, 'rm').mockImplementation((path, ...rest) =>
    !well && String(path).endsWith('.lock') ? Promise.reject(refusal('EROFS')) : rm.call(fs, path, ...rest),
  );
  const store = await PeopleStore.openAnyway({ file, encoder: ENCODER, gate: 'north', clock, log: silentLog });
  expect([store.size, store.fault]).toEqual([0, expect.objectContaining({ message: expect.stringContaining('EIO') })]);
  well = true;
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect([store.size, store.fault]).toEqual([2, undefined]);
  });
  await store.put(newcomer('bob'));
  await store.close();
});

test.each([
  ['has done with the files', true],
  ['still has the files', false],
])('a removal by another process that %s is in force at a gate that has nothing to write', async (_what, done) => {
  const { file, clock, store } = await gate();
  const changes: unknown[] = [];
  store.onChange(({ id, person, origin }) => void changes.push([id, person, origin]));
  await store.follow();
  await fs.writeFile(`${file}.lock`, '');
  const other = await openStore({ file, clock: new ManualClock(NOW + 1000), gate: 'command' });
  await other.remove('ada', 'client');
  if (!done) {
    await expect(store.follow()).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_LOCKED' });
    expect(store.fault).toMatchObject({ code: 'KAIMON_PEOPLE_LOCKED' });
  }
  await other.close();
  await store.follow();
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect([store.get('ada'), store.fault]).toEqual([undefined, undefined]);
  });
  expect(changes).toEqual([['ada', undefined, 'file']]);
  await store.close();
  // The job may come once more.
  await store.follow();
});

test('a gate that has its lock writes nothing where there is nothing to write', async () => {
  const { file, store } = await gate();
  const { ino } = await fs.stat(file);
  await store.follow();
  expect((await fs.stat(file)).ino).toBe(ino);
});

test('a store whose last change is not saved says that at its close, also where its lock cannot be removed', async () => {
  const { file, store } = await gate();
  const { rename, rm } = fs;
  vi.spyOn(fs, 'rename').mockImplementation((from, to) =>
    to === file ? Promise.reject(refusal('ENOSPC')) : rename.call(fs, from, to),
  );
  vi.spyOn(fs, 'rm').mockImplementation((path, ...rest) =>
    String(path).endsWith('.lock') ? Promise.reject(refusal('EROFS')) : rm.call(fs, path, ...rest),
  );
  await expect(store.put(newcomer('bob'))).rejects.toThrow('the disk is full');
  await expect(store.close()).rejects.toThrow('the disk is full');
});
