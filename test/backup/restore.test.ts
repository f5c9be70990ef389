import {
  closeSync,
  existsSync,
  promises as fs,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { openData } from '../../src/backup/open-data.js';
import type { Context } from '../../src/cli/context.js';
import { erasePerson } from '../../src/cli/erase.js';
import { archiveFolder, archiveNames, erasedInArchive } from '../../src/journal/archive/archives.js';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { queryEntries } from '../../src/journal/audit/query.js';
import { FileDisk, journalFolder } from '../../src/journal/file-disk.js';
import { openJournalOf } from '../../src/journal/open-journal.js';
import { WriterLock } from '../../src/kit/files/writer-lock.js';
import { silentLog as log } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { eraseCopies } from '../../src/store/erase-copies.js';
import { FINISHED, PENDING, STAGED } from '../../src/store/people-file.js';
import { PEOPLE_LOCK } from '../../src/store/people-options.js';
import { ENCODER, newcomer, OTHER_ENCODER, openStore, tempFolder } from '../store/sample.js';
import { backupOf, configOf, contentOf, northState, restore } from './given.js';

const audit = (state: string) => auditJournal(new FileDisk(journalFolder(state)));
const store = (state: string) => openStore({ file: join(state, 'people.json'), encoder: ENCODER, clock });
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const empty = async () => join(await tempFolder(), 'new');
const journalOf = (state: string, gate = 'north') => openJournalOf(configOf(gate).journal, state, { clock, log });

const opening = (state: string) => ({
  config: configOf('north'),
  paths: { state, cache: state, run: state },
  vault: Vault.plain(),
  clock,
  log,
});
const context = (state: string) =>
  ({
    ...opening(state),
    configFile: null,
    peopleFile: join(state, 'people.json'),
    calibrationFile: '',
    networks: '',
  }) as Context;

describe('the gate that the backup is of', () => {
  test('has its people again, with the versions that they had, and its journal goes on with a seam that verifies', async () => {
    const state = await northState();
    const { file, made } = await backupOf(state);
    const lost = await empty();
    const restored = await restore(file, lost);
    expect(restored).toMatchObject({
      sameGate: true,
      done: true,
      archive: null,
      people: { enrolled: 2, replaced: null },
    });
    const people = (folder: string) => json(join(folder, 'people.json')).people;
    expect(people(lost)).toEqual(people(state));
    for (const name of ['passages.json', 'clock.json', 'door-mode.json', 'calibration.json'])
      expect(json(join(lost, name))).toEqual(json(join(state, name)));
    expect(readFileSync(join(lost, 'kaimon.yaml.restored'), 'utf8')).toBe('site: home\n');

    const journal = await journalOf(lost);
    await journal.append({ type: 'started' });
    await journal.close();
    const report = await audit(lost);
    expect(report).toMatchObject({ ok: true, entries: 7, last: 7, first: 1 });
    expect(report.seams).toEqual([
      expect.objectContaining({
        n: 6,
        gate: 'north',
        backup: made.manifest.time,
        continues: true,
        lastN: 5,
        lastHash: made.manifest.journal?.hash,
        archive: null,
      }),
    ]);
    expect(readdirSync(lost).filter((name) => name.startsWith('restore'))).toEqual([]);
  });

  test('is refused people and journal over what is there; with --replace what was there is kept, and erasing reaches it', async () => {
    const state = await northState();
    const { file } = await backupOf(state);
    const journal = await journalOf(state);
    await journal.append({ type: 'granted', personal: { person: 'ada', name: 'Ada' } });
    await journal.close();
    const before = contentOf(state);
    await expect(restore(file, state)).rejects.toMatchObject({ code: 'KAIMON_RESTORE_EXISTS' });
    expect(contentOf(state)).toEqual(before);
    const { archive, people } = await restore(file, state, { replace: true });
    expect(people.replaced).toBe(2);
    const after = contentOf(state);
    const aside = Object.keys(after).filter((name) => name.includes('.replaced-'));
    expect(aside.map((name) => after[name])).toEqual([before['people.json'], before['people.json.last-good']]);
    expect(archive).toMatch(/^replaced-/);
    const disk = new FileDisk(archiveFolder(state, archive ?? ''));
    expect(await auditJournal(disk)).toMatchObject({ ok: true, entries: 6 });
    const report = await audit(state);
    expect(report).toMatchObject({ ok: true, last: 6 });
    expect(report.seams).toMatchObject([{ continues: true, lastN: 5, archive, archivedN: 6 }]);

    const opened = await journalOf(state);
    const people2 = await store(state);
    await people2.remove('ada', 'test');
    expect(await opened.erase('ada')).toBe(3);
    await eraseCopies(people2, { state, cache: join(state, 'cache'), run: join(state, 'run') }, clock);
    await opened.close();
    const left = contentOf(state);
    expect(Object.keys(left).filter((name) => name.includes('.replaced-'))).toEqual([]);
    for (const [name, text] of Object.entries(left)) expect([name, text.includes('"Ada')]).toEqual([name, false]);
    expect(await erasedInArchive(disk)).toBe(2);
    const erasedBeside = await erasedInArchive(disk);
    expect(await auditJournal(disk, { erasedBeside })).toMatchObject({ ok: true, faults: [] });
    // Without the number it would look like tampering, which it is where the number is put there by hand for the gate's own journal.
    expect((await auditJournal(disk)).ok).toBe(false);
    expect((await audit(state)).ok).toBe(true);
  });

  test('keeps whoever was removed here since then removed', async () => {
    const state = await northState();
    const { file } = await backupOf(state);
    const people = await store(state);
    await people.remove('ada', 'test');
    await people.close();
    const restored = await restore(file, state, { replace: true });
    expect(restored.people).toMatchObject({ enrolled: 1, removed: 2, removedSince: 1 });
    const after = await store(state);
    expect([...after.all()].map(({ id }) => id)).toEqual(['grace']);
    expect([...after.tombstones().keys()].sort()).toEqual(['ada', 'gone']);
  });

  test('keeps its door locked, its passages and thresholds, and the latest time that was trusted', async () => {
    const state = await northState();
    const { file } = await backupOf(state);
    for (const name of ['people.json', 'people.json.last-good']) rmSync(join(state, name));
    writeFileSync(join(state, 'passages.json'), '{"schema":1,"counts":{},"passages":{}}\n');
    writeFileSync(join(state, 'door-mode.json'), '{"schema":1,"mode":"normal","by":"hand","at":null}\n');
    writeFileSync(
      join(state, 'clock.json'),
      '{"schema":1,"network":"2026-11-20T00:00:00.000Z","battery":"2026-11-28T00:00:00.000Z"}\n',
    );
    const before = contentOf(state);
    await restore(file, state, { replace: true });
    for (const name of ['passages.json', 'door-mode.json', 'calibration.json', 'requests.json'])
      expect(readFileSync(join(state, name), 'latin1')).toBe(before[name]);
    expect(json(join(state, 'clock.json'))).toEqual({
      schema: 1,
      network: '2026-11-24T08:00:00.000Z',
      battery: '2026-11-28T00:00:00.000Z',
    });
  });

  test('with both copies of its people damaged gets them back, and the damaged ones are kept', async () => {
    const state = await northState();
    const { file } = await backupOf(state);
    for (const name of ['people.json', 'people.json.last-good']) writeFileSync(join(state, name), 'damaged');
    await restore(file, state, { replace: true });
    expect((await store(state)).size).toBe(2);
    expect(readdirSync(state).filter((name) => name.includes('replaced-')).length).toBe(2);
  });
});

describe('another gate of the site', () => {
  const south = { config: configOf('south') };

  test('has the people, and the journal of the first one beside its own, whole, which names its end', async () => {
    const state = await northState();
    const { file, made } = await backupOf(state);
    const other = await empty();
    mkdirSync(other);
    const journal = await journalOf(other, 'south');
    await journal.append({ type: 'started' });
    await journal.close();
    const { sameGate, archive } = await restore(file, other, south);
    expect(sameGate).toBe(false);
    expect(archive).toMatch(/^gate-north-5-\d{4}/);
    expect(await archiveNames(other)).toEqual([archive]);
    const disk = new FileDisk(archiveFolder(other, archive ?? ''));
    expect(await auditJournal(disk)).toMatchObject({ ok: true, last: 5, lastHash: made.manifest.journal?.hash });
    const report = await audit(other);
    expect(report).toMatchObject({ ok: true, entries: 2 });
    expect(report.seams).toMatchObject([
      { n: 2, gate: 'north', continues: false, archive, archivedN: 5, archivedHash: made.manifest.journal?.hash },
    ]);
    // The mode and the counts are of the other door.
    expect(existsSync(join(other, 'door-mode.json'))).toBe(false);
    expect(json(join(other, 'passages.json'))).toMatchObject({
      counts: { granted: 0 },
      passages: { ada: { inside: true } },
    });
    expect((await store(other)).size).toBe(2);
  });

  test('has the archives in its own backups, and of its backup another gate has all three journals', async () => {
    const { file } = await backupOf(await northState());
    const other = await empty();
    const { archive } = await restore(file, other, south);
    const { file: second } = await backupOf(other, { gate: 'south' });
    const third = await empty();
    const restored = await restore(second, third, { config: configOf('west') });
    expect(await archiveNames(third)).toEqual([archive, restored.archive].sort());
    for (const name of await archiveNames(third))
      expect(await auditJournal(new FileDisk(archiveFolder(third, name)))).toMatchObject({ ok: true });
    expect(await audit(third)).toMatchObject({ ok: true, entries: 1 });
  });

  test('says how many people it cannot recognise, with another encoder', async () => {
    const { file } = await backupOf(await northState());
    const { people } = await restore(file, await empty(), { ...south, encoder: OTHER_ENCODER });
    expect(people.withoutTemplate).toBe(2);
  });

  test('purges an archive that is older than its journal may be', async () => {
    const { file } = await backupOf(await northState());
    const other = await empty();
    const { archive } = await restore(file, other, south);
    const later = new ManualClock(Date.now() + 200 * 24 * 60 * 60_000);
    const journal = await openJournalOf(configOf('south').journal, other, { clock: later, log });
    await journal.purge(false);
    expect(await archiveNames(other)).toEqual([archive]);
    const purged = journal.purge(true);
    const left = () => {
      later.advance(100);
      return readdirSync(join(other, 'journal-archive'));
    };
    await expect.poll(left).toEqual([]);
    await purged;
    const closed = journal.close();
    later.advance(100);
    await closed;
    const types: string[] = [];
    for await (const { entry } of queryEntries(new FileDisk(journalFolder(other)), {})) types.push(entry.type);
    expect(types).toContain('archive-purged');
  });
});

test('with --dry-run nothing is written, not even a folder, and all is checked', async () => {
  const { file } = await backupOf(await northState());
  const none = await empty();
  expect(await restore(file, none, { dryRun: true })).toMatchObject({ done: false, people: { enrolled: 2 } });
  expect(existsSync(none)).toBe(false);
  const state = await northState();
  const before = contentOf(state);
  await expect(restore(file, state, { dryRun: true })).rejects.toMatchObject({ code: 'KAIMON_RESTORE_EXISTS' });
  expect(await restore(file, state, { dryRun: true, replace: true })).toMatchObject({ done: false });
  expect(contentOf(state)).toEqual(before);
});

test('beside a running daemon nothing is restored, and while a restore runs no daemon starts', async () => {
  const { file } = await backupOf(await northState());
  const state = await northState();
  const running = await store(state);
  await expect(restore(file, state, { replace: true })).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_LOCKED' });
  await running.close();
  const journal = await journalOf(state);
  await expect(restore(file, state, { replace: true })).rejects.toMatchObject({ code: 'KAIMON_JOURNAL_LOCKED' });
  await journal.close();
  // As a restore that is at work holds it.
  mkdirSync(join(state, PENDING));
  const held = await WriterLock.take(join(state, 'people.json.lock'), log, PEOPLE_LOCK);
  const opening = {
    config: configOf('north'),
    paths: { state, cache: state, run: state },
    vault: Vault.plain(),
    clock,
    log,
  };
  await expect(openData(opening)).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_LOCKED' });
  await held.release();
});

test('a disk that refuses leaves all as it was, without what was begun', async () => {
  const { file } = await backupOf(await northState());
  const state = await northState();
  const before = contentOf(state);
  mkdirSync(join(state, STAGED));
  writeFileSync(join(state, STAGED, 'stale'), 'of a restore that was killed');
  // Where the tests run as root a mode keeps nobody out: a folder that cannot be a folder does.
  rmSync(join(state, 'journal-archive'), { force: true });
  writeFileSync(join(state, 'journal-archive'), 'no folder');
  await expect(restore(file, state, { replace: true })).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
  // It has its last name: nothing is lost, and it is finished once the disk takes it.
  expect(existsSync(join(state, PENDING))).toBe(true);
  rmSync(join(state, 'journal-archive'));
  await openData({
    config: configOf('north'),
    paths: { state, cache: state, run: state },
    vault: Vault.plain(),
    clock,
    log,
  });
  expect(existsSync(join(state, PENDING))).toBe(false);
  expect(await audit(state)).toMatchObject({ ok: true, last: 6 });
  const now = contentOf(state);
  expect(Object.keys(now).filter((name) => name.includes('stale'))).toEqual([]);
  expect(JSON.parse(now['people.json'] ?? '').people).toEqual(JSON.parse(before['people.json'] ?? '').people);
});

test('people who were enrolled after the restore get versions after all that came with it', async () => {
  const state = await northState();
  const { file, made } = await backupOf(state);
  const lost = await empty();
  await restore(file, lost);
  // Since the backup people may have been removed of whom nobody remembers it.
  expect(JSON.parse(contentOf(lost)['sync.json'] ?? '')).toMatchObject({ inSync: made.manifest.time });
  // A board whose clock begins in 1970.
  const people = await openStore({ file: join(lost, 'people.json'), encoder: ENCODER, clock: new ManualClock(0) });
  people.judgeBy({ trusted: false });
  const { version } = await people.put(newcomer('new'));
  expect(version > (made.manifest.people?.latest ?? '')).toBe(true);
});

describe('a restore that was killed', () => {
  /** As a power cut leaves it, right after the restore has happened. */
  async function cutOff(): Promise<string> {
    const { file } = await backupOf(await northState());
    const state = await northState();
    const rename = vi.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      renameSync(from, to);
      if (String(to).endsWith(PENDING)) throw new Error('power cut');
    });
    await expect(restore(file, state, { replace: true })).rejects.toThrow('power cut');
    rename.mockRestore();
    return state;
  }
  test('lets nobody be erased or enrolled until it is finished: it would bring them back', async () => {
    const state = await cutOff();
    const before = contentOf(state);
    await expect(erasePerson(context(state), ENCODER, 'ada')).rejects.toMatchObject({ code: 'KAIMON_RESTORE_PENDING' });
    expect(contentOf(state)).toEqual(before);
    await openData(opening(state));
    await erasePerson(context(state), ENCODER, 'ada');
    await openData(opening(state));
    expect(Object.keys(json(join(state, 'people.json')).people)).toEqual(['grace']);
  });

  test('in its last steps keeps no gate from starting', async () => {
    const state = await cutOff();
    const plan = readFileSync(join(state, PENDING, 'plan.json'));
    await openData(opening(state));
    const done = contentOf(state);
    // Half removed: the plan is gone, and something else is still there.
    mkdirSync(join(state, PENDING, 'evidence'), { recursive: true });
    writeFileSync(join(state, PENDING, 'kaimon.yaml'), 'rest');
    await openData(opening(state));
    // And after it was moved away.
    mkdirSync(join(state, FINISHED));
    writeFileSync(join(state, FINISHED, 'plan.json'), plan);
    await openData(opening(state));
    expect(contentOf(state)).toEqual(done);
    expect(readdirSync(state).filter((name) => name.startsWith('restore'))).toEqual([]);
    mkdirSync(join(state, PENDING));
    writeFileSync(join(state, PENDING, 'plan.json'), '');
    await expect(openData(opening(state))).rejects.toMatchObject({ code: 'KAIMON_RESTORE_PENDING' });
  });

  test('before it has happened leaves nothing that names people: the next start and each erasure remove it, links not followed', async () => {
    for (const [act, left] of [
      [(state: string) => openData(opening(state)), STAGED],
      [(state: string) => erasePerson(context(state), ENCODER, 'ada'), STAGED],
      [(state: string) => erasePerson(context(state), ENCODER, 'ada'), FINISHED],
    ] as const) {
      const state = await northState();
      const other = await tempFolder();
      writeFileSync(join(other, 'kept'), 'not of Kaimon');
      mkdirSync(join(state, left, 'journal', 'personal'), { recursive: true });
      const file = join(state, left, 'journal', 'personal', '000000000001.jsonl');
      writeFileSync(file, 'ada');
      // Still open: it shows what became of its bytes.
      const open = openSync(file, 'r');
      symlinkSync(other, join(state, left, 'link'));
      await act(state);
      expect(existsSync(join(state, left))).toBe(false);
      expect(readFileSync(join(other, 'kept'), 'utf8')).toBe('not of Kaimon');
      expect(readFileSync(open, 'latin1')).toBe('\0\0\0');
      closeSync(open);
      symlinkSync(other, join(state, left));
      await act(state).catch(() => undefined);
      expect(readdirSync(other)).toEqual(['kept']);
    }
  });
});

describe('what this gate knows better than an older backup', () => {
  const erase = (state: string, id: string) => erasePerson(context(state), ENCODER, id);

  test('whoever was erased here since is not in the journal that goes on either, and that is told and verified', async () => {
    const state = await northState();
    const { file } = await backupOf(state);
    await erase(state, 'ada');
    const trial = await restore(file, state, { replace: true, dryRun: true });
    const { forgotten, people } = await restore(file, state, { replace: true });
    expect(forgotten).toBeGreaterThan(0);
    expect(trial.forgotten).toBe(forgotten);
    expect(people).toMatchObject({ enrolled: 1, removedSince: 1 });
    expect(Object.entries(contentOf(state)).filter(([, text]) => /"person":"ada"|Ada/.test(text))).toEqual([]);
    expect(await audit(state)).toMatchObject({ ok: true, seams: [{ n: 6 }] });
    // What is gone beyond that is found as ever.
    const name = join(state, 'journal', 'personal', '000000000001.jsonl');
    writeFileSync(name, '');
    expect(await audit(state)).toMatchObject({ ok: false });
  });

  test('nor in one that comes as an archive, and not in the archives of the backup', async () => {
    const state = await northState();
    const { file: first } = await backupOf(state);
    await restore(first, state, { replace: true });
    const { file } = await backupOf(state);
    const south = await empty();
    await restore(first, south, { config: configOf('south') });
    await erasePerson({ ...context(south), config: configOf('south') }, ENCODER, 'ada');
    const { archive } = await restore(file, south, { config: configOf('south'), replace: true });
    expect(Object.entries(contentOf(south)).filter(([, text]) => /"person":"ada"|Ada/.test(text))).toEqual([]);
    for (const name of await archiveNames(south)) {
      const disk = new FileDisk(archiveFolder(south, name));
      const erasedBeside = await erasedInArchive(disk);
      expect([name, erasedBeside > 0, (await auditJournal(disk, { erasedBeside })).faults]).toEqual([name, true, []]);
    }
    expect(await archiveNames(south)).toContain(archive);
  });

  test('a backup without a journal leaves the one that is here, and names no archive', async () => {
    const state = await northState();
    rmSync(join(state, 'journal'), { recursive: true });
    const { file } = await backupOf(state);
    const here = await northState();
    const { archive } = await restore(file, here, { replace: true });
    expect(archive).toBeNull();
    expect(await archiveNames(here)).toEqual([]);
    expect(await audit(here)).toMatchObject({ ok: true, last: 6, seams: [{ archive: null, continues: false }] });
  });

  test('times and versions that are still to come are told of, and a trusted time is taken as now', async () => {
    const { file } = await backupOf(await northState());
    const early = new ManualClock(Date.parse('2020-01-01T00:00:00.000Z'));
    const state = await empty();
    for (const dryRun of [true, false]) {
      const { warnings } = await restore(file, state, { clock: early, dryRun });
      expect(warnings).toEqual([
        expect.stringContaining('versions of a time that is still to come'),
        expect.stringContaining('ahead of now'),
      ]);
    }
    const { network, battery } = json(join(state, 'clock.json'));
    for (const time of [network, battery]) expect(time === null || time <= '2020-01-01T00:00:00.000Z').toBe(true);
    expect((await restore(file, await empty())).warnings).toEqual([]);
  });

  test('a backup that is refused comes not even beside', async () => {
    const { file } = await backupOf(await northState());
    const state = await northState();
    const mkdir = vi.spyOn(fs, 'mkdir');
    await expect(restore(file, state, { unsigned: false, replace: true })).rejects.toMatchObject({
      code: 'KAIMON_BACKUP_SIGNATURE',
    });
    expect(mkdir.mock.calls.map(([path]) => String(path)).filter((path) => path.includes('restore'))).toEqual([]);
    mkdir.mockRestore();
  });
});
