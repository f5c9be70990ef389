import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openData } from '../../src/backup/open-data.js';
import { TrustedTimesFile } from '../../src/clock-trust/trusted-times-file.js';
import { defaultConfig } from '../../src/config/config.js';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { FileDisk } from '../../src/journal/file-disk.js';
import { openJournalOf } from '../../src/journal/open-journal.js';
import { Endings } from '../../src/kit/endings.js';
import { newestFormat } from '../../src/kit/files/format.js';
import { silentLog as log } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { SEAL_VERSION } from '../../src/kit/sealing/sealed-file.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { VERSION } from '../../src/kit/version.js';
import { readCalibration } from '../../src/models/calibration.js';
import { openPassages } from '../../src/passback/passages-file.js';
import { DoorOrderFile } from '../../src/schedule/door-order-file.js';
import { openSeenRequests } from '../../src/site/requests/seen-file.js';
import { PEOPLE_FORMAT } from '../../src/store/people-document.js';
import { checkData, refuseNewerData } from '../../src/stored/data-check.js';
import { STORED_DOCUMENTS } from '../../src/stored/documents.js';
import { noteWrittenBy, writtenBy } from '../../src/stored/written-by.js';
import { ENCODER, newcomer, openStore, tempFolder } from '../store/sample.js';

const FORMATS = fileURLToPath(new URL('../fixtures/formats', import.meta.url));
const RELEASES = readdirSync(FORMATS).filter((name) => /^\d/.test(name));
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const clock = new ManualClock();

/** A copy of what a release has written. */
async function stateOf(release: string): Promise<string> {
  const state = await tempFolder();
  cpSync(join(FORMATS, release), state, { recursive: true });
  return state;
}

/** Every file with its bytes. */
const contentOf = (state: string) =>
  Object.fromEntries(
    readdirSync(state, { recursive: true })
      .map(String)
      .filter((name) => statSync(join(state, name)).isFile())
      .map((name) => [name, readFileSync(join(state, name), 'latin1')]),
  );

const replaceIn = (file: string, from: string, to: string) =>
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

describe.each(RELEASES)('what Kaimon %s has written', (release) => {
  test('is all of a format that this version reads, and looking at it changes nothing', async () => {
    const state = await stateOf(release);
    const before = contentOf(state);
    const report = await checkData(state);
    expect(report).toMatchObject({ ok: true, writtenBy: null });
    expect(report.documents.map(({ file, result }) => [file, result])).toEqual([
      ...['people.json', 'people.json.last-good'].map((file) => [file, 'older']),
      ...['journal/head.json', 'passages.json', 'clock.json'].map(current),
      current('door-mode.json'),
      ['requests.json', 'older'],
      ...['calibration.json', 'journal/000000000001.jsonl'].map(current),
    ]);
    await refuseNewerData(state);
    expect(contentOf(state)).toEqual(before);
  });

  test('is read by every part of it', async () => {
    const state = await stateOf(release);
    const store = await openStore({ file: join(state, 'people.json'), encoder: ENCODER });
    expect([...store.all()].map(({ id, name }) => [id, name])).toEqual([
      ['ada', 'Ada Lovelace'],
      ['grace', 'Grace Hopper'],
    ]);
    expect([...store.tombstones().keys()]).toEqual(['gone']);

    expect(await auditJournal(new FileDisk(join(state, 'journal')))).toMatchObject({ ok: true, entries: 5, last: 5 });
    const policy = { enabled: true, maxAgeDays: 90, maxMegabytes: 200, segmentMegabytes: 8, keyFile: null };
    const journal = await openJournalOf(policy, state, { clock, log });
    expect(journal).toMatchObject({ fault: undefined, head: { n: 5 } });
    await journal.close();

    const passages = await openPassages(state, { clock, log });
    expect(passages.found).toMatchObject({ counts: { granted: 2 }, passages: { ada: { inside: true } } });
    const order = await DoorOrderFile.open(state, { clock, log });
    expect(order).toMatchObject({ order: { mode: 'locked', by: 'hand' }, problems: [] });
    expect((await TrustedTimesFile.open(state, undefined, { clock, log })).times.networkMs).toBe(clock.wall());
    const opening = { paths: { state, cache: state, run: state }, clock, log, endings: new Endings(clock) };
    const { seen } = await openSeenRequests({ ...opening, warnings: [] });
    const id = '00000000-0000-4000-8000-000000000001';
    expect(seen.admit(id, clock.wall() + 60_000, clock.wall(), true, { client: 'by:x', safety: true })).toBe(
      'repeated',
    );
    expect(readCalibration(join(state, 'calibration.json'))).toMatchObject({ encoder: ENCODER, people: 20 });
    await opening.endings.close();
  });

  const refused = STORED_DOCUMENTS.filter(({ forSight }) => !forSight);
  test.each(refused.map(({ file, format }) => [file, format.key, newestFormat(format)] as const))(
    'is refused at the start with %s of a later format, and left as it is',
    async (file, key, newest) => {
      const state = await stateOf(release);
      const path = join(state, file);
      if (!existsSync(path)) writeFileSync(path, `{"${key}":1}\n`);
      replaceIn(path, `"${key}":1`, `"${key}":${newest + 1}`);
      const before = contentOf(state);
      const opening = {
        config: defaultConfig,
        paths: { state, cache: state, run: state },
        vault: Vault.plain(),
        clock,
        log,
      };
      await expect(openData(opening)).rejects.toMatchObject({
        code: 'KAIMON_DATA_NEWER',
        message: expect.stringContaining(
          `${path} was written by a newer Kaimon (format ${newest + 1}; this version reads up to ${newest}): install that version again`,
        ),
      });
      const report = await checkData(state);
      expect(report.ok).toBe(false);
      expect(report.documents.find((document) => document.file === file)).toMatchObject({
        format: newest + 1,
        result: 'newer',
      });
      expect(contentOf(state)).toEqual(before);
    },
  );

  test('starts with thresholds of a later format, which only leave it blind, and keeps who wrote them', async () => {
    const state = await stateOf(release);
    replaceIn(join(state, 'calibration.json'), '"schema": 1', '"schema":2');
    expect(await refuseNewerData(state)).toBe(false);
    expect((await checkData(state)).documents).toContainEqual(
      expect.objectContaining({ file: 'calibration.json', format: 2, result: 'newer' }),
    );
    expect(() => readCalibration(join(state, 'calibration.json'))).toThrow(/format 2; this version reads up to 1/);
  });

  test('starts with thresholds that a later version has sealed, or that are a named pipe or a folder', async () => {
    const state = await stateOf(release);
    const path = join(state, 'calibration.json');
    writeFileSync(path, `KMNSEAL${String.fromCharCode(SEAL_VERSION + 1)} and so on`, 'latin1');
    expect(await refuseNewerData(state)).toBe(false);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(await refuseNewerData(state)).toBe(true);
    rmSync(path);
    mkdirSync(path);
    expect(await refuseNewerData(state)).toBe(true);
  });

  test('is refused with a journal that a later version has gone on with, by the journal itself, too', async () => {
    const state = await stateOf(release);
    const segment = join(state, 'journal', '000000000001.jsonl');
    const text = readFileSync(segment, 'utf8');
    const last = text.lastIndexOf('{"v":1');
    writeFileSync(segment, `${text.slice(0, last)}${text.slice(last).replace('{"v":1', '{"v":2')}`);
    const before = contentOf(state);
    await expect(refuseNewerData(state)).rejects.toMatchObject({ code: 'KAIMON_DATA_NEWER' });
    const policy = { enabled: true, maxAgeDays: 90, maxMegabytes: 200, segmentMegabytes: 8, keyFile: null };
    await expect(openJournalOf(policy, state, { clock, log })).rejects.toMatchObject({ code: 'KAIMON_DATA_NEWER' });
    expect(contentOf(state)).toEqual(before);
    const report = await auditJournal(new FileDisk(join(state, 'journal')));
    expect(report.faults[0]).toMatchObject({ n: 5, text: 'a newer Kaimon wrote it (format 2)' });
  });

  test.skipIf(!existsSync(CLI))(
    'is refused by the command line and by the daemon, which names the version',
    async () => {
      const state = await stateOf(release);
      const json = { schema: 1, version: '0.2.0', since: '2027-01-01T00:00:00.000Z' };
      writeFileSync(join(state, 'written-by.json'), `${JSON.stringify(json)}\n`);
      replaceIn(join(state, 'passages.json'), '"schema":1', '"schema":2');
      const before = contentOf(state);
      const kaimon = (...args: readonly string[]) =>
        promisify(execFile)(process.execPath, [CLI, ...args, '--state', state]).catch((thrown: unknown) => thrown);
      const check = await kaimon('data', 'check', '--json');
      expect(check).toMatchObject({ code: 1, stdout: expect.stringContaining('"writtenBy":"0.2.0"') });
      const run = ['run', '--door', 'simulated', '--camera', `replay:${join(state, 'none')}`];
      expect(await kaimon(...run)).toMatchObject({
        code: 4,
        stderr: expect.stringContaining(
          'passages.json was written by Kaimon 0.2.0 (format 2; this version reads up to 1)',
        ),
      });
      const { run: ofTheRun, ...after } = { ...contentOf(state) };
      expect(ofTheRun).toBeUndefined();
      expect(Object.fromEntries(Object.entries(after).filter(([name]) => !/^(run|cache)\b/.test(name)))).toEqual(
        before,
      );
    },
  );
});

test('people of format 1 are written as format 2 with the next change, what is told of removals outlives a restart, and the file of before is kept', async () => {
  const state = await stateOf('0.1.0');
  const file = join(state, 'people.json');
  const old = readFileSync(file, 'utf8');
  expect(old).toMatch(/^\{"schema":1,/);
  const store = await openStore({ file, encoder: ENCODER, clock });
  store.judgeBy({ trusted: false });
  await store.remove('ada', 'office');
  await store.close();
  expect(readFileSync(`${file}.format-1`, 'utf8')).toBe(old);
  expect(readFileSync(file, 'utf8')).toMatch(/^\{"schema":2,/);
  const again = await openStore({ file, encoder: ENCODER, clock });
  expect(again.tombstones().get('ada')).toMatchObject({ by: 'office', undated: true });
  expect(again.tombstones().get('gone')).not.toHaveProperty('undated');
  await again.close();
  expect((await checkData(state)).documents.slice(0, 2).map(({ file: name, result }) => [name, result])).toEqual([
    ['people.json', 'current'],
    ['people.json.last-good', 'current'],
  ]);
  // A gate of before refuses what it would drop.
  const before = STORED_DOCUMENTS.map((document) =>
    document.format === PEOPLE_FORMAT ? { ...document, format: { ...PEOPLE_FORMAT, steps: [] } } : document,
  );
  await expect(refuseNewerData(state, { documents: before })).rejects.toMatchObject({ code: 'KAIMON_DATA_NEWER' });
});

test('a state folder says which version wrote it last', async () => {
  const state = join(await tempFolder(), 'new');
  expect(await writtenBy(state)).toBeUndefined();
  await noteWrittenBy(state, { clock, log });
  expect(await writtenBy(state)).toBe(VERSION);
  const before = statSync(join(state, 'written-by.json')).mtimeMs;
  await noteWrittenBy(state, { clock, log });
  expect(statSync(join(state, 'written-by.json')).mtimeMs).toBe(before);
});

test('a damaged document is named, and does not keep a gate from starting', async () => {
  const state = await stateOf('0.1.0');
  writeFileSync(join(state, 'passages.json'), '{"schema":1,');
  writeFileSync(join(state, 'journal', 'head.json'), 'no');
  const report = await checkData(state);
  expect(report.ok).toBe(false);
  const unusable = report.documents.filter(({ result }) => result === 'unusable').map(({ file, text }) => [file, text]);
  expect(unusable).toEqual([
    ['journal/head.json', 'damaged'],
    ['passages.json', 'damaged'],
  ]);
  await refuseNewerData(state);
});

const current = (file: string) => [file, 'current'];

test('sealed people say who sealed them: this version goes on, a newer one is waited for', async () => {
  const state = await tempFolder();
  const file = join(state, 'people.json');
  const store = await openStore({ file, vault: Vault.sealing(makeSealKey(randomBytes(32))) });
  await store.put(newcomer('zoe'));
  await store.close();
  const findings = async () => (await checkData(state)).documents.map(({ file: name, result }) => [name, result]);
  expect(await findings()).toContainEqual(['people.json', 'sealed']);
  await refuseNewerData(state);

  const bytes = readFileSync(file);
  bytes[7] = 2;
  writeFileSync(file, bytes);
  expect(await findings()).toContainEqual(['people.json', 'newer']);
  await expect(refuseNewerData(state)).rejects.toMatchObject({ code: 'KAIMON_DATA_NEWER' });
  expect(readFileSync(file)).toEqual(bytes);
});
