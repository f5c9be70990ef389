import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  addsKeys,
  type DocumentFormat,
  isReadAsNewest,
  migrated,
  newestFormat,
} from '../../../src/kit/files/format.js';
import { keepOldFormat } from '../../../src/kit/files/kept-format.js';
import { StateFile } from '../../../src/kit/files/state-file.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { emptyDocument, PEOPLE_FORMAT } from '../../../src/store/people-document.js';
import { lastGoodOf, PeopleFileAdapter } from '../../../src/store/people-file.js';
import { ENCODER, newcomer, openStore, tempFolder } from '../../store/sample.js';

const things: DocumentFormat = {
  name: 'things',
  key: 'schema',
  steps: [({ n, ...rest }) => ({ ...rest, count: n }), ({ count, ...rest }) => ({ ...rest, counts: [count] })],
};

test.each([
  ['one of the newest format stays as it is', { schema: 3, counts: [1] }, { document: { schema: 3, counts: [1] } }],
  ['one step', { schema: 2, count: 1 }, { document: { schema: 3, counts: [1] }, older: 2 }],
  ['all steps in order', { schema: 1, n: 1 }, { document: { schema: 3, counts: [1] }, older: 1 }],
  ['one without a number is left to whoever checks it', { n: 1 }, { document: { n: 1 } }],
  ['no document at all', undefined, { document: undefined }],
])('a document is migrated: %s', (_what, document, expected) => {
  expect(migrated(document, things)).toEqual(expected);
});

test('a document of a later format is refused', () => {
  expect(() => migrated({ schema: 4 }, things)).toThrow('format 4; this version reads up to 3');
});

const shape = z.strictObject({ schema: z.literal(3), counts: z.array(z.int()) });
const openThings = (file: string) =>
  StateFile.open({
    file,
    name: 'things',
    schema: shape,
    format: things,
    lost: 'gone',
    empty: { schema: 3 as const, counts: [] },
    delayMs: 0,
    clock: new ManualClock(),
    log: silentLog,
  });

test('a state file of an older format is read, and kept beside the first one that is written in the new format', async () => {
  const file = join(await tempFolder(), 'things.json');
  writeFileSync(file, '{"schema":1,"n":7}\n');
  const opened = await openThings(file);
  expect(opened.found).toEqual({ schema: 3, counts: [7] });
  // Reading has changed nothing.
  expect(readFileSync(file, 'utf8')).toBe('{"schema":1,"n":7}\n');
  await opened.saveNow(() => ({ schema: 3, counts: [7, 8] }));
  await opened.saveNow(() => ({ schema: 3, counts: [7, 8, 9] }));
  expect(readFileSync(`${file}.format-1`, 'utf8')).toBe('{"schema":1,"n":7}\n');
  expect((await openThings(file)).found).toEqual({ schema: 3, counts: [7, 8, 9] });
});

test('of each file one copy of an older format is kept', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'things.json');
  writeFileSync(`${file}.format-1`, 'of long ago');
  writeFileSync(`${folder}/other.json.format-1`, 'not of this file');
  writeFileSync(file, '{"schema":2,"count":7}\n');
  const opened = await openThings(file);
  await opened.saveNow(() => opened.found);
  expect(readdirSync(folder).sort()).toEqual(['other.json.format-1', 'things.json', 'things.json.format-2']);
});

test('what cannot be kept is not overwritten', async () => {
  const file = join(await tempFolder(), 'things.json');
  writeFileSync(file, '{"schema":1,"n":7}\n');
  await expect(keepOldFormat(file, 1, { check: () => Promise.reject(new Error('not ours')) })).rejects.toThrow(
    'not ours',
  );
  expect(existsSync(`${file}.format-1`)).toBe(false);
});

test('a document is read as it is where all steps to the newest format only add keys', () => {
  const format: DocumentFormat = { name: 'the things', key: 'schema', steps: [(older) => older, addsKeys, addsKeys] };
  expect([0, 1, 2, 3, 4, 5].map((number) => isReadAsNewest(number, format))).toEqual([
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
});

/** As people.json might be one day: the name is called otherwise. */
const NEXT: DocumentFormat = {
  ...PEOPLE_FORMAT,
  steps: [
    ...PEOPLE_FORMAT.steps,
    ({ removed, ...rest }) => ({ ...rest, removed: removed ?? {}, people: rest['people'] }),
  ],
};

test('the people of an older format are read, and the file is kept with its mode beside the new one', async () => {
  const file = join(await tempFolder(), 'people.json');
  const store = await openStore({ file });
  await store.put(newcomer('ada'));
  await store.put(newcomer('grace'));
  await store.close();
  chmodSync(file, 0o640);
  const old = readFileSync(file, 'utf8');
  const adapter = new PeopleFileAdapter({ file, clock: new ManualClock(), log: silentLog, format: NEXT });
  const document = (await adapter.read()) ?? emptyDocument(ENCODER);
  expect([...document.people.keys()]).toEqual(['ada', 'grace']);
  expect(readFileSync(file, 'utf8')).toBe(old);
  await adapter.write(document);
  await adapter.write(document);
  const kept = `${file}.format-${newestFormat(PEOPLE_FORMAT)}`;
  expect(readFileSync(kept, 'utf8')).toBe(old);
  expect(statSync(kept).mode & 0o777).toBe(0o640);
  expect(JSON.parse(readFileSync(file, 'utf8')).schema).toBe(newestFormat(NEXT));
  expect(JSON.parse(readFileSync(lastGoodOf(file), 'utf8')).schema).toBe(newestFormat(NEXT));
  // The version of before does not touch it.
  const before = new PeopleFileAdapter({ file, clock: new ManualClock(), log: silentLog });
  await expect(before.read()).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_SCHEMA' });
});

test('where only the last good copy of an older format can be read, that is kept', async () => {
  const file = join(await tempFolder(), 'people.json');
  const store = await openStore({ file });
  await store.put(newcomer('ada'));
  await store.put(newcomer('grace'));
  await store.close();
  const old = readFileSync(lastGoodOf(file), 'utf8');
  writeFileSync(file, 'damaged');
  const adapter = new PeopleFileAdapter({ file, clock: new ManualClock(), log: silentLog, format: NEXT });
  const document = await adapter.read();
  expect(document && [...document.people.keys()]).toEqual(['ada']);
  expect(readFileSync(`${file}.format-${newestFormat(PEOPLE_FORMAT)}`, 'utf8')).toBe(old);
});
