import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import type { Person } from '../../src/person/person.js';
import { NotSaved } from '../../src/store/not-saved.js';
import { lastGoodOf } from '../../src/store/people-file.js';
import { PeopleStore } from '../../src/store/people-store.js';
import { ENCODER, newcomer, OTHER_ENCODER, openStore, person, tempFolder, template, version } from './sample.js';

const NOW = Date.UTC(2026, 10, 24, 8);

/** A file with Ada in it, and the clock of the gate that finds it. */
async function withAda() {
  const file = join(await tempFolder(), 'people.json');
  const store = await openStore({ file });
  await store.put(newcomer('ada'));
  await store.close();
  return { file, clock: new ManualClock(NOW), lock: `${file}.lock` };
}

async function openAnyway(
  file: string,
  clock: ManualClock,
): Promise<PeopleStore & { tried(times: number): Promise<void> }> {
  const error = vi.fn();
  const log = { ...silentLog, error } as typeof silentLog;
  const store = await PeopleStore.openAnyway({ file, encoder: ENCODER, gate: 'north', clock, log });
  onTestFinished(() => store.close().catch(() => undefined));
  /** Resolves when the disk has refused so many times. */
  const tried = (times: number) =>
    vi.waitFor(() =>
      expect(error.mock.calls.filter(([, text]) => String(text).startsWith('people store not saved'))).toHaveLength(
        times,
      ),
    );
  return Object.assign(store, { tried });
}

/** Whoever keeps the lock from being taken, as a full or read-only disk does; root may do everything else. */
const blockLock = (lock: string) => fs.mkdir(lock);

test('where no lock can be taken, people are known, nobody can be enrolled, and the store says so', async () => {
  const { file, clock, lock } = await withAda();
  await blockLock(lock);
  const store = await openAnyway(file, clock);
  expect(store.get('ada')?.name).toBe('Person ada');
  expect(store.fault).toMatchObject({ code: 'KAIMON_FILE_READ' });
  const refused = {
    code: 'KAIMON_FILE_WRITE',
    message: expect.stringMatching(/^people cannot be changed at this gate: /),
  };
  await expect(store.put(newcomer('bob'))).rejects.toMatchObject(refused);
  expect([store.size, store.revision]).toEqual([1, 0]);
  // Without a change there is nothing to lose: the stop is clean.
  await store.close();
});

test('where no lock can be taken, a removal counts at once, is told to be unsaved, and is saved when the disk is well again', async () => {
  const { file, clock, lock } = await withAda();
  await blockLock(lock);
  const store = await openAnyway(file, clock);
  const removing = store.remove('ada', 'client');
  expect(store.get('ada')).toBeUndefined();
  await expect(removing).rejects.toBeInstanceOf(NotSaved);
  await fs.rmdir(lock);
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect(store.fault).toBeUndefined();
  });
  await store.close();
  expect((await openStore({ file })).get('ada')).toBeUndefined();
});

test('where nobody is known, a record of another gate brings nobody back who may have been removed here', async () => {
  const { file, clock } = await withAda();
  const first = await openStore({ file, clock });
  const old = first.get('ada') as Person;
  await first.remove('ada', 'client');
  await first.close();
  const good = await fs.readFile(file);
  for (const copy of [file, lastGoodOf(file)]) await fs.writeFile(copy, '{');
  const store = await openAnyway(file, clock);
  const merge = store.merge(old);
  await expect(merge).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
  expect(store.get('ada')).toBeUndefined();
  await fs.writeFile(file, good);
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect(store.fault).toBeUndefined();
  });
  expect([store.get('ada'), store.tombstones().has('ada')]).toEqual([undefined, true]);
});

test('where nobody is known, a removal counts all the same, against the person who waits and against the file', async () => {
  const { file, clock } = await withAda();
  const good = await fs.readFile(file);
  for (const copy of [file, lastGoodOf(file)]) await fs.writeFile(copy, '{');
  const store = await openAnyway(file, clock);
  const eve = person('eve', version(NOW + 60_000, 7, 'south'));
  await expect(store.merge(eve)).rejects.toThrow();
  await expect(store.merge(person('bob', version(NOW, 0, 'south')))).rejects.toThrow();
  for (const id of ['ada', 'eve']) await expect(store.remove(id, 'client')).rejects.toBeInstanceOf(NotSaved);
  expect(await store.remove('eve', 'client')).toBeUndefined();
  await fs.writeFile(file, good);
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect(store.fault).toBeUndefined();
  });
  expect([...store.all()].map(({ id }) => id)).toEqual(['bob']);
  expect([...store.tombstones().keys()].sort()).toEqual(['ada', 'eve']);
});

test('what other gates say counts at once, above all a removal, and is saved when the disk is well again', async () => {
  const { file, clock, lock } = await withAda();
  await blockLock(lock);
  const store = await openAnyway(file, clock);
  await expect(store.merge({ id: 'ada', removed: true, version: version(NOW, 0, 'south') })).rejects.toThrow();
  expect(store.get('ada')).toBeUndefined();
  await fs.rmdir(lock);
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect(store.fault).toBeUndefined();
  });
  await store.put(newcomer('bob'));
  await store.close();
  const found = await openStore({ file });
  expect([...found.all()].map(({ id }) => id)).toEqual(['bob']);
});

test('what another process wrote meanwhile is taken, and reported', async () => {
  const { file, clock, lock } = await withAda();
  await blockLock(lock);
  const store = await openAnyway(file, clock);
  const changes: unknown[] = [];
  store.onChange(({ id, origin }) => void changes.push([id, origin]));
  await store.tried(1);
  await fs.rmdir(lock);
  const other = await openStore({ file, clock: new ManualClock(NOW) });
  await other.put(newcomer('eve'));
  await other.close();
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect(store.fault).toBeUndefined();
  });
  expect([...store.all()].map(({ id }) => id).sort()).toEqual(['ada', 'eve']);
  expect(changes).toEqual([['eve', 'file']]);
});

test.each<[string, string, (file: string) => Promise<unknown>]>([
  [
    'both copies are damaged',
    'KAIMON_PEOPLE_CORRUPT',
    async (file) => {
      await fs.writeFile(file, '{');
      await fs.writeFile(lastGoodOf(file), '{');
    },
  ],
  ['it was written by a newer Kaimon', 'KAIMON_PEOPLE_SCHEMA', (file) => fs.writeFile(file, '{"schema":99}')],
  [
    'it is no file',
    'KAIMON_FILE_READ',
    async (file) => {
      await fs.rm(file);
      await fs.mkdir(file);
    },
  ],
])(
  'where the file cannot be used because %s, nobody is known, and the files stay as they are',
  async (_why, code, spoil) => {
    const { file, clock } = await withAda();
    const good = await fs.readFile(file);
    await spoil(file);
    const before = await listing(file);
    const store = await openAnyway(file, clock);
    const changes: unknown[] = [];
    store.onChange(({ id, origin }) => void changes.push([id, origin]));
    expect([store.size, store.fault]).toEqual([0, expect.objectContaining({ code })]);
    await expect(store.put(newcomer('bob'))).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
    // A person of another gate waits until the file says who was removed.
    await expect(store.merge(person('eve', version(NOW, 0, 'south')))).rejects.toThrow();
    expect(store.size).toBe(0);
    await store.tried(1);
    clock.advance(60_000);
    await store.tried(2);
    expect(await listing(file)).toEqual(before);
    // Mended while the gate runs.
    await fs.rm(file, { recursive: true });
    await fs.writeFile(file, good);
    await vi.waitFor(() => {
      clock.advance(60_000);
      expect(store.fault).toBeUndefined();
    });
    expect([...store.all()].map(({ id }) => id).sort()).toEqual(['ada', 'eve']);
    // Ada is this gate's own, Eve was told by another one.
    expect(changes).toEqual([
      ['ada', 'file'],
      ['eve', 'site'],
    ]);
  },
);

test('with templates of another encoder only, nobody is known until the configuration is mended', async () => {
  const file = join(await tempFolder(), 'people.json');
  const before = await openStore({ file, encoder: OTHER_ENCODER });
  await before.put(newcomer('ada', { templates: [template(0.5, OTHER_ENCODER)] }));
  await before.close();
  const store = await openAnyway(file, new ManualClock(NOW));
  expect([store.size, store.fault]).toEqual([0, expect.objectContaining({ code: 'KAIMON_PEOPLE_ENCODER' })]);
});

test('a store that another process has is refused: two daemons are a mistake', async () => {
  const { file, clock } = await withAda();
  await openStore({ file });
  await expect(openAnyway(file, clock)).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_LOCKED' });
});

/** Names and contents, without temporary files. */
async function listing(file: string) {
  const folder = join(file, '..');
  const names = (await fs.readdir(folder)).filter((name) => name.startsWith('people.json') && !name.endsWith('.lock'));
  return Promise.all(
    names.sort().map(async (name) => [name, await fs.readFile(join(folder, name), 'utf8').catch(() => 'no file')]),
  );
}
