import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { JournalDisk } from '../../src/journal/disk.js';
import { FileDisk } from '../../src/journal/file-disk.js';
import { FileJournal } from '../../src/journal/file-journal.js';
import { JOURNAL_LOCK } from '../../src/journal/open-journal.js';
import { OperatingError } from '../../src/kit/errors.js';
import { WriterLock } from '../../src/kit/files/writer-lock.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { systemClock } from '../../src/kit/system-clock.js';
import { expectWhole, openJournal, typesOf } from './harness.js';
import { MemoryDisk } from './memory-disk.js';

const root = mkdtempSync(join(tmpdir(), 'kaimon-journal-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const realDisk = () => new FileDisk(join(root, String(folders++), 'journal'));

const bytes = (text: string) => Buffer.from(text);

describe.each<[string, () => JournalDisk]>([
  ['in memory', () => new MemoryDisk()],
  ['real', realDisk],
])('every disk: %s', (_name, make) => {
  test('has nothing before anything is written', async () => {
    const disk = make();
    expect(await disk.list()).toEqual([]);
    expect(await disk.read('head.json')).toBeUndefined();
    await disk.remove('head.json').catch(() => undefined);
  });

  test('appends to what is there, also after it was opened again', async () => {
    const disk = make();
    await disk.prepare();
    for (const text of ['one\n', 'two\n']) {
      const file = await disk.open('personal/000000000001.jsonl');
      await file.append(bytes(text));
      await file.sync();
      await file.close();
    }
    expect((await disk.read('personal/000000000001.jsonl'))?.toString()).toBe('one\ntwo\n');
    expect((await disk.read('personal/000000000001.jsonl', 4))?.toString()).toBe('two\n');
    expect(await disk.list()).toEqual([{ name: 'personal/000000000001.jsonl', bytes: 8 }]);
  });

  test('cuts a file shorter, never longer, and appends behind the cut', async () => {
    const disk = make();
    await disk.prepare();
    const file = await disk.open('000000000001.jsonl');
    await file.append(bytes('abcdef'));
    await file.truncate(9);
    await file.truncate(2);
    await file.append(bytes('x'));
    await file.close();
    expect((await disk.read('000000000001.jsonl'))?.toString()).toBe('abx');
  });

  test('replaces and removes files, and removing a missing one is no error', async () => {
    const disk = make();
    await disk.prepare();
    await disk.replace('head.json', bytes('old'));
    await disk.replace('head.json', bytes('new'));
    expect((await disk.read('head.json'))?.toString()).toBe('new');
    await disk.remove('head.json');
    await disk.remove('head.json');
    expect(await disk.list()).toEqual([]);
  });
});

const openReal = (folder: string) =>
  FileJournal.open({
    disk: new FileDisk(folder),
    lock: () => WriterLock.take(join(folder, 'lock'), silentLog, JOURNAL_LOCK),
    clock: systemClock,
    log: silentLog,
    segmentBytes: 1024 * 1024,
    policy: { maxAgeMs: 1e12, maxBytes: 1e9 },
  });

test('on a real disk: acknowledged, readable by one user only, whole, and one writer at a time', async () => {
  const folder = join(root, 'real', 'journal');
  const journal = await openReal(folder);
  await expect(openReal(folder)).rejects.toThrow(/in use by process/);
  expect(await journal.append({ type: 'granted', personal: { person: 'ada' } })).toEqual({ durable: true, n: 1 });
  // The daemon writes on while the journal is checked.
  await expectWhole(new FileDisk(folder));
  await journal.close();
  const again = await openReal(folder);
  expect(await again.append({ type: 'refused' })).toEqual({ durable: true, n: 2 });
  await again.close();
  expect(await typesOf(new FileDisk(folder))).toEqual(['granted', 'refused']);
  for (const path of [folder, join(folder, 'personal')]) expect(statSync(path).mode & 0o777).toBe(0o700);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.json'));
  expect(files.sort()).toEqual(['000000000001.jsonl', 'head.json', 'personal/000000000001.jsonl']);
  for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('when another process takes the lock, writing stops and the entries wait', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const stolen = { holds: () => Promise.resolve(false), release: () => Promise.resolve() };
  const takes = [() => Promise.resolve(stolen)];
  const taken = () => Promise.reject(new OperatingError('KAIMON_JOURNAL_LOCKED', 'taken by process 7'));
  const journal = await openJournal(disk, clock, { lock: () => (takes.pop() ?? taken)() });
  const receipt = journal.append({ type: 'refused' });
  for (let i = 0; i < 10; i++) {
    clock.advance(250);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(await receipt).toMatchObject({ durable: false, why: 'late' });
  expect(journal.fault).toMatch(/taken by process 7/);
  expect(disk.files.size).toBe(0);
});

test('a lock that a fault of the disk left empty, and another process had meanwhile: what that process wrote stays, and the chain goes on', async () => {
  const folder = join(root, 'shared', 'journal');
  const journal = await openReal(folder);
  for (const person of ['ada', 'bob']) await journal.append({ type: 'granted', personal: { person } });
  writeFileSync(join(folder, 'lock'), '');
  const other = await openReal(folder);
  expect(await other.erase('ada')).toBe(1);
  expect(await other.append({ type: 'granted', personal: { person: 'carol' } })).toMatchObject({ durable: true, n: 4 });
  await other.close();
  const dora = await journal.append({ type: 'granted', personal: { person: 'dora' } });
  expect(dora).toMatchObject({ durable: true, n: 5 });
  await journal.close();
  expect(await typesOf(new FileDisk(folder))).toEqual(['granted', 'granted', 'erased', 'granted', 'granted']);
  expect(await expectWhole(new FileDisk(folder))).toMatchObject({ personal: { kept: 3, erased: 1 } });
});

test("a link in the journal's folder is not followed", async () => {
  const disk = realDisk();
  await disk.prepare();
  const elsewhere = join(root, 'elsewhere');
  writeFileSync(elsewhere, 'as it was');
  symlinkSync(elsewhere, join(disk.folder, '000000000001.jsonl'));
  await expect(disk.open('000000000001.jsonl')).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
  expect(readFileSync(elsewhere, 'utf8')).toBe('as it was');
});
