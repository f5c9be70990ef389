import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type Context, contextOf } from '../../src/cli/context.js';
import { erasePerson } from '../../src/cli/erase.js';
import { JOURNAL_LOCK, openJournalOf } from '../../src/journal/open-journal.js';
import { WriterLock } from '../../src/kit/files/writer-lock.js';
import { silentLog } from '../../src/kit/log.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { PeopleStore } from '../../src/store/people-store.js';
import { ENCODER, newcomer, tempFolder } from './sample.js';

const PASSAGE = { inside: true, since: '2026-11-24T08:00:00.000Z', version: '1795507200000-0000-in' };

afterEach(() => vi.unstubAllEnvs());

async function enrol({ peopleFile: file }: Context, ...people: ReturnType<typeof newcomer>[]): Promise<void> {
  const store = await PeopleStore.open({ file, encoder: ENCODER, gate: 'in', clock, log: silentLog });
  for (const person of people) await store.put(person);
  await store.close();
}

/** The folder of a gate that was stopped: Zoe and Bob are enrolled, were let in, and stand in copies. */
async function stopped(): Promise<Context> {
  const state = await tempFolder();
  vi.stubEnv('KAIMON_CONFIG', '');
  vi.stubEnv('XDG_CACHE_HOME', join(state, 'cache'));
  const context = { ...contextOf({ state }), log: silentLog };
  await enrol(context, newcomer('zoe'), newcomer('bob'));
  const journal = await openJournalOf({ ...context.config.journal, enabled: true }, state, { clock, log: silentLog });
  for (const person of ['zoe', 'bob', 'zoe']) void journal.append({ type: 'granted', personal: { person } });
  await journal.close();
  writeFileSync(
    join(state, 'passages.json'),
    JSON.stringify({ schema: 1, counts: { granted: 3, others: 0, free: 0 }, passages: { zoe: PASSAGE, bob: PASSAGE } }),
  );
  for (const copy of ['passages.json.corrupt-2026', 'people.json.corrupt-2026', 'cache/voice/1.wav']) {
    mkdirSync(dirname(join(state, copy)), { recursive: true });
    writeFileSync(join(state, copy), 'Person zoe');
  }
  return context;
}

/** Where the note that an id was removed stands. */
const PEOPLE = ['people.json', 'people.json.last-good'];

/** Files of a folder, at any depth, that name somebody. */
const naming = (folder: string, id: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile() && readFileSync(join(folder, name), 'utf8').includes(id))
    .sort();

test('an erased person is named nowhere but in the note that the id was removed; others stay', async () => {
  const context = await stopped();
  expect(await erasePerson(context, ENCODER, 'zoe')).toMatchObject({
    id: 'zoe',
    version: expect.any(String),
    erased: 2,
  });
  expect(naming(context.paths.state, 'zoe')).toEqual(PEOPLE);
  expect(naming(context.paths.state, 'Person zoe')).toEqual([]);
  expect(naming(context.paths.state, 'bob')).toEqual([
    'journal/personal/000000000001.jsonl',
    'passages.json',
    ...PEOPLE,
  ]);
  expect(await erasePerson(context, ENCODER, 'zoe')).toEqual({ id: 'zoe', version: null, erased: 0 });
});

test('when the journal is in use, the command refuses before it changes anything', async () => {
  const context = await stopped();
  const lock = await WriterLock.take(join(context.paths.state, 'journal', 'lock'), silentLog, JOURNAL_LOCK);
  await expect(erasePerson(context, ENCODER, 'zoe')).rejects.toMatchObject({ code: 'KAIMON_JOURNAL_LOCKED' });
  expect(naming(context.paths.state, 'Person zoe')).toContain('people.json');
  await lock.release();
});

test('a command that failed half-way is completed by running it again', async () => {
  const context = await stopped();
  const passages = join(context.paths.state, 'passages.json');
  const before = readFileSync(passages);
  rmSync(passages);
  mkdirSync(passages);
  await expect(erasePerson(context, ENCODER, 'zoe')).rejects.toMatchObject({ code: 'KAIMON_FILE_READ' });
  rmSync(passages, { recursive: true });
  writeFileSync(passages, before);
  expect(await erasePerson(context, ENCODER, 'zoe')).toEqual({ id: 'zoe', version: null, erased: 2 });
  expect(naming(context.paths.state, 'zoe')).toEqual(PEOPLE);
});

test('a damaged file of whereabouts is set aside, and erased with the rest', async () => {
  const context = await stopped();
  writeFileSync(join(context.paths.state, 'passages.json'), '{"zoe":');
  await erasePerson(context, ENCODER, 'zoe');
  expect(naming(context.paths.state, 'zoe')).toEqual(PEOPLE);
});

test('a person who is named only by whereabouts, or only by the journal, is erased there', async () => {
  const context = await stopped();
  const only = { schema: 1, counts: { granted: 1, others: 0, free: 0 }, passages: { yuri: PASSAGE } };
  writeFileSync(join(context.paths.state, 'passages.json'), JSON.stringify(only));
  expect(await erasePerson(context, ENCODER, 'yuri')).toEqual({ id: 'yuri', version: null, erased: 0 });
  expect(naming(context.paths.state, 'yuri')).toEqual([]);
  const { journal: config } = context.config;
  const journal = await openJournalOf({ ...config, enabled: true }, context.paths.state, { clock, log: silentLog });
  void journal.append({ type: 'granted', personal: { person: 'yuri' } });
  await journal.close();
  expect(await erasePerson(context, ENCODER, 'yuri')).toEqual({ id: 'yuri', version: null, erased: 1 });
});

test('run again, it erases no other person, even one whose name is that id', async () => {
  const context = await stopped();
  await enrol(context, newcomer('zoe-2', { name: 'zoe' }));
  for (const version of [expect.any(String), null])
    expect(await erasePerson(context, ENCODER, 'zoe')).toMatchObject({ id: 'zoe', version });
  expect(naming(context.paths.state, 'zoe-2')).toEqual(PEOPLE);
});

test('where two people have the name, the command asks for an id', async () => {
  const context = await stopped();
  await enrol(context, newcomer('max-1', { name: 'max' }), newcomer('max-2', { name: 'max' }));
  await expect(erasePerson(context, ENCODER, 'max')).rejects.toThrow('give one of the ids max-1, max-2');
});

test.each(['eve', 'constructor', 'Nobody Like That'])('a name that no person has is refused: %s', async (wanted) => {
  const context = await stopped();
  await expect(erasePerson(context, ENCODER, wanted)).rejects.toMatchObject({ code: 'KAIMON_PERSON_UNKNOWN' });
  expect(existsSync(context.peopleFile)).toBe(true);
  expect(naming(context.paths.state, 'zoe')).toContain('passages.json.corrupt-2026');
});
