import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import type { Adapter } from 'lowdb';
import { describe, expect, test, vi } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { NO_ENCODER, PEOPLE_MAX, type Person } from '../../src/person/person.js';
import { FUTURE_MAX_MS } from '../../src/person/version.js';
import { type PeopleDocument, STRANGERS_MAX, TOMBSTONES_MAX } from '../../src/store/people-document.js';
import { lastGoodOf } from '../../src/store/people-file.js';
import type { PeopleChange } from '../../src/store/people-options.js';
import type { PeopleStore } from '../../src/store/people-store.js';
import { ENCODER, names, newcomer, OTHER_ENCODER, openStore, person, tempFolder, template, version } from './sample.js';

const NOW = Date.UTC(2026, 10, 24, 8);
const newFile = async () => join(await tempFolder(), 'state', 'people.json');
const content = (store: PeopleStore) => ({
  people: [...store.all()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  // Whether somebody was known here before is this gate's own note.
  removed: [...store.tombstones()]
    .map(([id, { stranger, undated, ...shared }]) => [id, shared] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
});
const unlessRemoved = (thrown: unknown) => {
  if (!(thrown instanceof OperatingError) || thrown.code !== 'KAIMON_PEOPLE_ID_USED') throw thrown;
};

/** A disk that can be full; keeps what was written. */
class Disk implements Adapter<PeopleDocument> {
  written: PeopleDocument | null;
  writes = 0;
  full = false;
  #waiting: (() => void)[] = [];

  constructor(written: PeopleDocument | null = null) {
    this.written = written;
  }

  async read(): Promise<PeopleDocument | null> {
    return this.written;
  }

  async write(document: PeopleDocument): Promise<void> {
    this.writes++;
    if (this.full) throw new OperatingError('KAIMON_FILE_WRITE', 'the disk is full');
    this.written = document;
    for (const done of this.#waiting.splice(0)) done();
  }

  /** Resolves with the next write that succeeds. */
  nextWrite(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

describe('the people store', () => {
  test('on a disk that hangs ends all the same, and leaves its lock to the next start', async () => {
    const file = await newFile();
    const [clock, disk] = [new ManualClock(), new Disk()];
    const store = await openStore({ file, clock, storage: disk });
    const begun = new Promise<void>((resolve) => {
      disk.write = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const put = Promise.allSettled([store.put(newcomer('ada'))]);
    await begun;
    clock.advance(10_000);
    expect(await put).toMatchObject([{ status: 'rejected', reason: { code: 'KAIMON_FILE_WRITE' } }]);
    await expect(store.close()).rejects.toThrow('the disk has not answered for 10 seconds');
    expect(await names(dirname(file))).toContain('people.json.lock');
  });

  test('without anything to save ends in time on a disk that hangs, and says that its lock stays', async () => {
    const file = await newFile();
    const warn = vi.fn();
    const [clock, log] = [new ManualClock(), { ...silentLog, warn } as typeof silentLog];
    const store = await openStore({ file, clock, log });
    const begun = new Promise<void>((resolve) => {
      vi.spyOn(fs, 'readFile').mockImplementation(() => {
        resolve();
        return new Promise(() => undefined);
      });
    });
    const closing = store.close(2_000);
    await begun;
    clock.advance(2_000);
    await closing;
    vi.restoreAllMocks();
    expect(warn).toHaveBeenCalledWith(
      { why: 'the disk hangs' },
      expect.stringMatching(/^the lock of the people store stays/),
    );
    expect(await names(dirname(file))).toContain('people.json.lock');
  });

  test('writes a removal twice, and the second write has its own time', async () => {
    const [clock, disk] = [new ManualClock(), new Disk()];
    const store = await openStore({ file: await newFile(), clock, storage: disk });
    await store.put(newcomer('ada'));
    const written = disk.writes;
    const write = disk.write.bind(disk);
    disk.write = (document) => {
      clock.advance(9_000);
      return write(document);
    };
    await store.remove('ada', 'client');
    expect([disk.writes - written, store.fault]).toEqual([2, undefined]);
  });

  test.each([
    ['empty', ''],
    ['away', undefined],
  ])('whose lock a fault of the disk left %s keeps what another process has written meanwhile', async (_how, text) => {
    const file = await newFile();
    const store = await openStore({ file });
    await store.put(newcomer('ada'));
    await (text === undefined ? fs.rm(`${file}.lock`) : fs.writeFile(`${file}.lock`, text));
    const other = await openStore({ file });
    await other.put(newcomer('bob'));
    await other.remove('ada', 'client');
    await expect(store.put(newcomer('carol'))).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_LOCKED' });
    await other.close();
    await store.put(newcomer('dora'));
    const people = ['bob', 'carol', 'dora'];
    expect([[...store.all()].map(({ id }) => id).sort(), store.fault]).toEqual([people, undefined]);
    const written = JSON.parse(await fs.readFile(file, 'utf8'));
    expect([Object.keys(written.people).sort(), Object.keys(written.removed)]).toEqual([people, ['ada']]);
    await store.close();
  });

  test('whose lock and files a fault of the disk left empty writes the people whom it knows', async () => {
    const file = await newFile();
    const store = await openStore({ file });
    await store.put(newcomer('ada'));
    await store.put(newcomer('bob'));
    for (const path of [file, lastGoodOf(file), `${file}.lock`]) await fs.writeFile(path, '');
    await store.put(newcomer('carol'));
    expect(Object.keys(JSON.parse(await fs.readFile(file, 'utf8')).people)).toEqual(['ada', 'bob', 'carol']);
    expect((await names(dirname(file))).filter((name) => name.includes('.corrupt-'))).toHaveLength(2);
    await store.close();
  });

  test('keeps people over a restart, in a folder and files of its own user only', async () => {
    const file = await newFile();
    const store = await openStore({ file });
    expect(store.size).toBe(0);
    const ada = await store.put(newcomer('ada', { name: 'Ada' }));
    await store.put(newcomer('bob'));
    await store.remove('bob', 'client');
    await store.close();
    const again = await openStore({ file });
    expect(content(again)).toEqual(content(store));
    expect(again.get('ada')).toEqual(ada);
    expect([again.everUsed('ada'), again.everUsed('bob'), again.everUsed('eve')]).toEqual([true, true, false]);
    expect((await fs.stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    for (const name of await names(join(file, '..'))) {
      expect((await fs.stat(join(file, '..', name))).mode & 0o777).toBe(0o600);
    }
  });

  test('acknowledges only what is in the file', async () => {
    const file = await newFile();
    const store = await openStore({ file });
    for (const id of ['ada', 'bob', 'carl']) {
      await store.put(newcomer(id));
      expect(Object.keys(JSON.parse(await fs.readFile(file, 'utf8')).people)).toContain(id);
    }
    await store.remove('bob', 'client');
    expect(Object.keys(JSON.parse(await fs.readFile(file, 'utf8')).people)).toEqual(['ada', 'carl']);
  });

  test('knows a change at once and reports it, before it is on the disk', async () => {
    const store = await openStore({ file: await newFile() });
    const reported: PeopleChange[] = [];
    const stop = store.onChange((change) => reported.push(change));
    const saving = store.put(newcomer('ada'));
    expect(store.get('ada')?.name).toBe('Person ada');
    expect(store.revision).toBe(1);
    expect(reported).toMatchObject([{ id: 'ada', person: store.get('ada'), origin: 'local', by: 'test' }]);
    await saving;
    await store.merge({ id: 'ada', removed: true, version: version(NOW + 1) });
    expect(reported[1]).toMatchObject({ id: 'ada', person: undefined, origin: 'site', left: true });
    stop();
    await store.put(newcomer('bob'));
    expect(reported).toHaveLength(2);
  });

  test('writes a burst of a thousand changes once', async () => {
    const disk = new Disk();
    const store = await openStore({ file: await newFile(), storage: disk });
    await Promise.all(Array.from({ length: 1000 }, (_, i) => store.put(newcomer(`p${i}`))));
    expect(disk.writes).toBe(1);
    expect(disk.written?.people.size).toBe(1000);
  });

  test('written again, holds no removed person in its last good copy either, even if the removal still waits to be saved', async () => {
    const file = await newFile();
    const store = await openStore({ file });
    await store.put(newcomer('ada'));
    const running = store.put(newcomer('bob'));
    const waiting = store.merge({ id: 'ada', removed: true, version: version(NOW + 1) });
    await store.rewrite();
    expect(await fs.readFile(`${file}.last-good`, 'utf8')).not.toContain('Person ada');
    await Promise.all([running, waiting]);
  });

  test.each<[string, (store: PeopleStore) => Promise<unknown>]>([
    ['asked for here', (store) => store.remove('ada', 'client')],
    ['of another gate', (store) => store.merge({ id: 'ada', removed: true, version: version(NOW + 1) })],
    [
      'saved together with one more',
      (store) => Promise.all([store.remove('bob', 'client'), store.remove('ada', 'client')]),
    ],
  ])(
    'after a removal %s a damaged file brings nobody back, and the state says that the copy is used',
    async (_how, remove) => {
      const file = await newFile();
      const store = await openStore({ file, clock: new ManualClock(NOW) });
      await store.put(newcomer('ada'));
      await store.put(newcomer('bob'));
      await remove(store);
      await store.close();
      await fs.truncate(file, (await fs.stat(file)).size - 20);
      const again = await openStore({ file, clock: new ManualClock(NOW) });
      expect(again.get('ada')).toBeUndefined();
      expect(again.problems).toEqual([expect.stringMatching(/^the people file was damaged at the start/)]);
    },
  );

  test('gives every change a newer version, though the clock went back and so is not trusted', async () => {
    const clock = new ManualClock(NOW);
    const store = await openStore({ file: await newFile(), storage: new Disk(), clock });
    const first = await store.put(newcomer('ada'));
    clock.jumpWall(-365 * 86_400_000);
    store.judgeBy({ trusted: false });
    const second = await store.put(newcomer('ada', { name: 'Ada L.' }));
    const removal = await store.remove('ada', 'client');
    expect([first.version, second.version, removal]).toEqual([
      `${NOW}-0000-north`,
      `${NOW}-0001-north`,
      `${NOW}-0002-north`,
    ]);
  });

  test('does not remove a person twice, nor an unknown one', async () => {
    const store = await openStore({ file: await newFile(), storage: new Disk() });
    await store.put(newcomer('ada'));
    expect(await store.remove('ada', 'client')).toBeDefined();
    expect(await store.remove('ada', 'client')).toBeUndefined();
    expect(await store.remove('eve', 'client')).toBeUndefined();
    expect(store.revision).toBe(2);
  });

  test("never uses a removed person's id again", async () => {
    const store = await openStore({ file: await newFile(), storage: new Disk() });
    await store.put(newcomer('ada'));
    await store.remove('ada', 'client');
    await expect(store.put(newcomer('ada', { name: 'Adam' }))).rejects.toMatchObject({
      code: 'KAIMON_PEOPLE_ID_USED',
      trouble: 'input',
    });
    expect([store.size, store.tombstones().size]).toEqual([0, 1]);
  });

  test('forgets removals when they are old enough', async () => {
    const clock = new ManualClock(NOW);
    const disk = new Disk();
    const store = await openStore({ file: await newFile(), storage: disk, clock });
    for (const id of ['ada', 'bob']) {
      await store.put(newcomer(id));
      await store.remove(id, 'client');
      clock.advance(1000);
    }
    expect(await store.purgeTombstones(1500)).toBe(1);
    expect([...store.tombstones().keys()]).toEqual(['bob']);
    expect([...(disk.written?.removed.keys() ?? [])]).toEqual(['bob']);
    expect(await store.purgeTombstones(1500)).toBe(0);
  });
});

describe('records of other gates', () => {
  test.each<[string, (at: string, later: string) => Parameters<PeopleStore['merge']>[0], string, number]>([
    ['a newer one is taken', (_, later) => person('ada', later, { name: 'New' }), 'taken', 1],
    ['an older one is not taken', () => person('ada', version(1), { name: 'Old' }), 'older', 1],
    ['a newer removal is taken', (_, later) => ({ id: 'ada', removed: true, version: later }), 'taken', 0],
    ['an older removal is taken', () => ({ id: 'ada', removed: true, version: version(1) }), 'taken', 0],
    [
      'a removal from the future is taken',
      () => ({ id: 'ada', removed: true, version: version(NOW + FUTURE_MAX_MS + 1) }),
      'taken',
      0,
    ],
    ['a new person is taken', () => person('bob', version(1)), 'taken', 2],
    [
      'a removal of an unknown person is remembered',
      () => ({ id: 'bob', removed: true, version: version(1) }),
      'taken',
      1,
    ],
    ['one from the future is not taken', () => person('ada', version(NOW + FUTURE_MAX_MS + 1)), 'future', 1],
    ['one a little ahead of the clock is taken', () => person('ada', version(NOW + FUTURE_MAX_MS)), 'taken', 1],
  ])('%s', async (_rule, record, outcome, size) => {
    const store = await openStore({ file: await newFile(), storage: new Disk(), clock: new ManualClock(NOW) });
    const ada = await store.put(newcomer('ada'));
    const incoming = record(ada.version, version(NOW + 1, 0, 'south'));
    expect(await store.merge(incoming)).toBe(outcome);
    expect(store.size).toBe(size);
    if (outcome === 'taken') expect(await store.merge(incoming)).toBe('same');
    expect(store.revision).toBe(outcome === 'taken' ? 2 : 1);
  });

  test('a record that loading would refuse is never taken, so the file always loads', async () => {
    const disk = new Disk();
    const store = await openStore({ file: await newFile(), storage: disk });
    const bad = person('ada', version(1), { templates: [{ ...template(0), vector: 'AAAA' }] });
    await expect(store.merge(bad)).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_RECORD', trouble: 'input' });
    const nobody = { id: '../etc', removed: true as const, version: version(1) };
    await expect(store.merge(nobody)).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_RECORD' });
    await expect(store.put(newcomer('x'.repeat(65)))).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_RECORD' });
    const eleven = Array.from({ length: 11 }, () => template(0));
    await expect(store.put(newcomer('ada', { templates: eleven }))).rejects.toThrow(/"ada" is not valid: templates/);
    expect([store.size, disk.writes]).toEqual([0, 0]);
  });

  test('two gates that work apart end with the same people, and nobody removed at either comes back', async () => {
    const act = fc.record({
      at: fc.constantFrom('north', 'south'),
      id: fc.constantFrom('ada', 'bob', 'carl'),
      what: fc.constantFrom('put', 'remove', 'exchange'),
      clockMs: fc.integer({ min: -5000, max: 5000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 20 }), async (acts) => {
        const [north, south] = [await gate('north'), await gate('south')];
        const removed = new Set<string>();
        const exchange = async (from: PeopleStore, to: PeopleStore) => {
          for (const record of from.all()) await to.merge(record);
          for (const [id, { version: at, by }] of from.tombstones())
            await to.merge({ id, removed: true, version: at, by });
        };
        for (const { at, id, what, clockMs } of acts) {
          const [here, there] = at === 'north' ? [north, south] : [south, north];
          here.clock.jumpWall(clockMs);
          if (what === 'put') await here.store.put(newcomer(id, { by: at })).catch(unlessRemoved);
          else if (what === 'remove') (await here.store.remove(id, at)) && removed.add(id);
          else await exchange(here.store, there.store);
        }
        await exchange(north.store, south.store);
        await exchange(south.store, north.store);
        expect(content(north.store)).toEqual(content(south.store));
        for (const id of removed) expect([north.store.get(id), south.store.get(id)]).toEqual([undefined, undefined]);
        await Promise.all([north.store.close(), south.store.close()]);
      }),
      { numRuns: 60 },
    );
  });
});

async function gate(name: string) {
  const clock = new ManualClock(NOW);
  return { clock, store: await openStore({ file: await newFile(), storage: new Disk(), gate: name, clock }) };
}

describe('a full disk', () => {
  test('refuses the acknowledgement, keeps the change in force, and saves it when there is room', async () => {
    const clock = new ManualClock(NOW);
    const disk = new Disk();
    const store = await openStore({ file: await newFile(), storage: disk, clock });
    await store.put(newcomer('ada'));
    disk.full = true;
    await expect(store.remove('ada', 'client')).rejects.toThrow('the disk is full');
    // Whoever was removed must not come in while the disk is full.
    expect(store.get('ada')).toBeUndefined();
    expect(store.fault).toBeInstanceOf(OperatingError);
    expect(disk.written?.people.has('ada')).toBe(true);
    disk.full = false;
    const saved = disk.nextWrite();
    clock.advance(1000);
    await saved;
    await new Promise(setImmediate);
    expect(store.fault).toBeUndefined();
    expect(disk.written?.people.has('ada')).toBe(false);
  });

  test('does not lose the changes that come after it', async () => {
    const disk = new Disk();
    const store = await openStore({ file: await newFile(), storage: disk });
    disk.full = true;
    await expect(store.put(newcomer('ada'))).rejects.toThrow('the disk is full');
    disk.full = false;
    await store.put(newcomer('bob'));
    expect([...(disk.written?.people.keys() ?? [])]).toEqual(['ada', 'bob']);
  });

  test('at the end is reported by close, and the lock is released all the same', async () => {
    const file = await newFile();
    const disk = new Disk();
    const store = await openStore({ file, storage: disk });
    disk.full = true;
    await expect(store.put(newcomer('ada'))).rejects.toThrow('the disk is full');
    await expect(store.close()).rejects.toThrow('the disk is full');
    await expect(store.put(newcomer('bob'))).rejects.toThrow('closed');
    await (await openStore({ file })).close();
  });
});

describe('the encoder of the templates', () => {
  const others = { templates: [template(0, OTHER_ENCODER)] };

  test('must be the one in use: the refusal names both and the way out', async () => {
    const file = await newFile();
    const before = await openStore({ file, encoder: OTHER_ENCODER });
    await before.put(newcomer('ada', others));
    await before.close();
    const opening = openStore({ file });
    await expect(opening).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_ENCODER' });
    await expect(openStore({ file })).rejects.toThrow(
      new RegExp(`${OTHER_ENCODER}.*${ENCODER}.*kaimon people reencode.*enrol`),
    );
    // The refusal leaves no lock; the command that mends it may open the store.
    await (await openStore({ file, acceptOtherEncoder: true })).close();
  });

  test('may be joined by others: one template of the one in use is enough', async () => {
    const file = await newFile();
    const before = await openStore({ file, encoder: OTHER_ENCODER });
    await before.put(newcomer('ada', { templates: [template(0, OTHER_ENCODER), template(0)] }));
    await before.put(newcomer('bob', others));
    await before.close();
    expect((await openStore({ file })).size).toBe(2);
  });

  test('does not matter to people who have no template at all', async () => {
    const file = await newFile();
    const before = await openStore({ file });
    await before.put(newcomer('ada', { templates: [] }));
    await before.close();
    await (await openStore({ file })).close();
    await expect(openStore({ file, encoder: OTHER_ENCODER })).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_ENCODER' });
  });

  test('of an empty store may be any', async () => {
    const file = await newFile();
    const before = await openStore({ file, encoder: OTHER_ENCODER });
    await before.put(newcomer('ada', others));
    await before.remove('ada', 'client');
    await before.close();
    expect((await openStore({ file })).size).toBe(0);
  });
});

describe('the bounds of the store', () => {
  const crowd = (count: number): Map<string, Person> => {
    const one = person('p', version(1));
    return new Map(Array.from({ length: count }, (_, i) => [`p${i}`, { ...one, id: `p${i}` }]));
  };

  test(`the ${PEOPLE_MAX + 1}st person is refused; changing and removing still work`, async () => {
    const disk = new Disk({ encoder: ENCODER, people: crowd(PEOPLE_MAX), removed: new Map() });
    const store = await openStore({ file: await newFile(), storage: disk });
    await expect(store.put(newcomer('late'))).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_FULL' });
    await expect(store.merge(person('late', version(1)))).rejects.toThrow(`${PEOPLE_MAX} people are enrolled`);
    await store.put(newcomer('p7', { name: 'Changed' }));
    await store.remove('p8', 'client');
    await store.put(newcomer('late'));
    expect(store.size).toBe(PEOPLE_MAX);
  });

  test('200,000 forged removals cost bounded memory, and keep nobody from being enrolled or removed', async () => {
    const store = await openStore({
      file: await newFile(),
      storage: new Disk({ encoder: ENCODER, people: crowd(1), removed: new Map() }),
    });
    const forged = (i: number) => ({ id: `r${i}`, removed: true as const, version: version(NOW, i % 0xffff) });
    let full = 0;
    for (let i = 0; i < 200_000; i++) {
      if (store.outcome(forged(i)) === 'full') full++;
      else store.merge(forged(i)).catch(() => undefined);
    }
    expect([store.tombstones().size, full]).toEqual([STRANGERS_MAX, 200_000 - STRANGERS_MAX]);
    await expect(store.merge(forged(199_999))).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_FULL' });
    await store.put(newcomer('late'));
    await store.merge(person('of-another-gate', version(1)));
    expect(await store.remove('p0', 'client')).toBeDefined();
    expect(store.size).toBe(2);
    expect(store.tombstones().get('p0')?.stranger).toBeUndefined();
  });

  test('of removals of people who were known here the oldest are forgotten first', async () => {
    const grave = (at: number) => ({ version: version(at), at: '2026-11-24T08:00:00.000Z' });
    const removed = new Map(Array.from({ length: TOMBSTONES_MAX }, (_, i) => [`r${i}`, grave(i + 1)]));
    const disk = new Disk({ encoder: ENCODER, people: crowd(1), removed });
    const store = await openStore({ file: await newFile(), storage: disk, clock: new ManualClock(NOW) });
    expect(await store.remove('p0', 'client')).toBeDefined();
    expect(store.tombstones().size).toBeLessThanOrEqual(TOMBSTONES_MAX);
    expect([store.tombstones().has('r0'), store.tombstones().has('p0')]).toEqual([false, true]);
  });
});

test('people of a gate that was away too long are set aside on the disk, and none comes back with the next start', async () => {
  const file = await newFile();
  const clock = new ManualClock(NOW);
  const store = await openStore({ file, clock });
  await store.put(newcomer('ada'));
  await store.put(newcomer('eve'));
  await store.remove('eve', 'office');
  expect(await store.startAnew()).toBe(1);
  expect([store.size, store.tombstones().get('eve')?.by]).toEqual([0, 'office']);
  await store.close();
  expect((await names(dirname(file))).filter((name) => name.includes('.absent-')).length).toBeGreaterThan(0);
  const again = await openStore({ file, clock });
  expect([again.size, [...again.tombstones().keys()]]).toEqual([0, ['eve']]);
  for (const copy of [file, lastGoodOf(file)]) expect(await fs.readFile(copy, 'utf8')).not.toContain('Person ada');
});

describe('opening', () => {
  test('is refused to a second process while one has the store', async () => {
    const file = await newFile();
    const store = await openStore({ file });
    await expect(openStore({ file })).rejects.toThrow(`in use by process ${process.pid}`);
    await store.close();
    await (await openStore({ file })).close();
  });

  test('removes what a killed process left, and narrows file modes that were widened', async () => {
    const file = await newFile();
    const before = await openStore({ file });
    await before.put(newcomer('ada'));
    await before.close();
    await fs.chmod(file, 0o644);
    for (const name of ['people.json', 'people.json.last-good', 'people.json.lock']) {
      await fs.writeFile(join(file, '..', `.${name}.0123456789ab.tmp`), 'half');
    }
    const store = await openStore({ file });
    expect(await names(join(file, '..'))).toEqual(['people.json', 'people.json.lock']);
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600);
    expect(store.size).toBe(1);
  });

  test('a store that another process has taken over is no longer written', async () => {
    const file = await newFile();
    const store = await openStore({ file });
    await store.put(newcomer('ada'));
    await fs.writeFile(`${file}.lock`, JSON.stringify({ pid: 1, started: '', boot: '', token: 'other' }));
    await expect(store.put(newcomer('bob'))).rejects.toThrow('in use by process 1');
    expect(Object.keys(JSON.parse(await fs.readFile(file, 'utf8')).people)).toEqual(['ada']);
  });
});

test('where the encoder in use is not known people are changed all the same, and the file keeps the one that it named', async () => {
  const file = join(await tempFolder(), 'people.json');
  const before = await openStore({ file });
  await before.put(newcomer('ada', { templates: [] }));
  await before.put(newcomer('grace'));
  await before.close();
  const blind = await openStore({ file, encoder: NO_ENCODER });
  await blind.remove('grace', 'test');
  await blind.close();
  expect(JSON.parse(await fs.readFile(file, 'utf8')).encoder).toBe(ENCODER);
  // Also of a file that was begun without one.
  const fresh = join(await tempFolder(), 'people.json');
  const first = await openStore({ file: fresh, encoder: NO_ENCODER });
  await first.put(newcomer('ada', { templates: [] }));
  await first.close();
  const after = await openStore({ file: fresh });
  expect(after.size).toBe(1);
});
