import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { documentChunks, type PeopleDocument } from '../../src/store/people-document.js';
import { PeopleFileAdapter } from '../../src/store/people-file.js';
import { parsePeople } from '../../src/store/people-parser.js';
import { readPeople } from '../../src/store/read-people.js';
import { ENCODER, names, OTHER_ENCODER, person, tempFolder, template, version } from './sample.js';

const document: PeopleDocument = {
  encoder: ENCODER,
  people: new Map([
    ['ada', person('ada', version(1), { name: 'Ada "},{" 愛達', greeting: 'Hi {name}"}\n},\n' })],
    ['bob', person('bob', version(2), { templates: [template(1), template(2)] })],
  ]),
  removed: new Map([['carl', { version: version(3), at: '2026-11-24T08:00:00.000Z' }]]),
};
const none: PeopleDocument = { encoder: ENCODER, people: new Map(), removed: new Map() };
const textOf = (value: PeopleDocument): string => [...documentChunks(value)].join('');

function parse(text: string): PeopleDocument {
  const parser = parsePeople(Buffer.from(text));
  for (;;) {
    const step = parser.next();
    if (step.done) return step.value.document;
  }
}

/** The file's JSON with some part replaced. */
const changed = (change: (json: Record<string, unknown>) => void): string => {
  const json = JSON.parse(textOf(document));
  change(json);
  return JSON.stringify(json);
};

afterEach(() => void vi.restoreAllMocks());

async function setUp(content: { readonly file?: string; readonly lastGood?: string }, readOnly = false) {
  const folder = await tempFolder();
  const file = join(folder, 'people.json');
  if (content.file !== undefined) await fs.writeFile(file, content.file);
  if (content.lastGood !== undefined) await fs.writeFile(`${file}.last-good`, content.lastGood);
  const lines: string[] = [];
  const note = (_fields: unknown, line?: string) => void lines.push(line ?? '');
  const log = { ...silentLog, error: note, warn: note } as typeof silentLog;
  const adapter = new PeopleFileAdapter({ file, clock: new ManualClock(), log, readOnly });
  return { folder, file, adapter, lines };
}

describe('the text of people.json', () => {
  test('is JSON as the contract shows it, one record a line', () => {
    const json = JSON.parse(textOf(document));
    expect(json).toMatchObject({
      schema: 2,
      encoder: ENCODER,
      people: { ada: { id: 'ada', version: version(1) }, bob: { templates: [{}, {}] } },
      removed: { carl: { version: version(3) } },
    });
    expect(textOf(document).split('\n')).toHaveLength(7);
  });

  test.each([
    ['as Kaimon writes it', textOf(document)],
    ['on one line', JSON.stringify(JSON.parse(textOf(document)))],
    ['indented by an editor', JSON.stringify(JSON.parse(textOf(document)), null, 2)],
    ['with fields of a later minor version', changed((json) => Object.assign(json, { note: 'hello' }))],
  ])('is read %s', (_how, text) => {
    expect(parse(text)).toEqual(document);
  });

  test('without people is read, too', () => {
    expect(parse(textOf(none))).toEqual(none);
  });

  test('comes in chunks that do not block the event loop', () => {
    const people = new Map(Array.from({ length: 2000 }, (_, i) => [`p${i}`, person(`p${i}`, version(i))]));
    const chunks = [...documentChunks({ ...none, people })];
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk.length).toBeLessThan(300_000);
    expect(parse(chunks.join('')).people).toEqual(people);
  });
});

const first = (text: string): string => text.slice(0, text.indexOf('\n') + 1);
const damaged: readonly [string, string, string][] = [
  ['an empty file', '', 'not JSON'],
  ['zeros, as a power cut leaves them', '\0'.repeat(4096), 'not JSON'],
  ['the first half', textOf(document).slice(0, 700), 'not JSON'],
  ['all but the last line', textOf(document).slice(0, -3), 'not JSON'],
  ['a missing comma', textOf(document).replace('},\n"bob"', '}\n"bob"'), 'not JSON'],
  ['a comma too many', textOf(document).replace('\n},"removed"', ',\n},"removed"'), 'not JSON'],
  ['bytes after the end', `${textOf(document)}x`, 'not JSON'],
  ['a list', '[]', 'schema'],
  ['no schema', changed((json) => delete json['schema']), 'expected 2, found none'],
  ['schema 0', textOf(document).replace('"schema":2', '"schema":0'), 'expected 2, found 0'],
  ['no removals', changed((json) => delete json['removed']), 'removed'],
  ['a key that is not the id', textOf(document).replace('"bob":{"id"', '"eve":{"id"'), 'people.eve: holds the id bob'],
  ['one id enrolled and removed', textOf(document).replace('"carl":', '"ada":'), 'removed.ada: the id stands twice'],
  [
    'one id twice',
    textOf(document).replace('"bob":{"id":"bob"', '"ada":{"id":"ada"'),
    'people.ada: the id stands twice',
  ],
  ['a person without a name', textOf(document).replace('"name":"Person bob"', '"name":""'), 'people.bob: name'],
  ['a damaged vector', textOf(document).replace(template(2).vector, template(2).vector.slice(1)), 'templates.1.vector'],
  ['a removal without a version', textOf(document).replace(`"${version(3)}"`, 'null'), 'removed.carl: version'],
  ['an encoder name that is not allowed', textOf(document).replace(ENCODER, '?'), 'encoder'],
];

describe('a damaged people file', () => {
  test.each(damaged)('(%s) is set aside and logged, and the last good copy is used', async (_what, text, why) => {
    const { folder, file, adapter, lines } = await setUp({ file: text, lastGood: textOf(document) });
    expect(await adapter.read()).toEqual(document);
    expect(lines).toEqual(['people file damaged: set aside, going on with the last good copy']);
    const aside = 'people.json.corrupt-2026-11-24T08-00-00-000Z';
    expect(await names(folder)).toEqual(['people.json', aside, 'people.json.last-good']);
    expect(await fs.readFile(join(folder, aside), 'utf8')).toBe(text);
    // There are two good copies again.
    expect(await fs.readFile(file, 'utf8')).toBe(textOf(document));
    expect(() => parse(text)).toThrow(why);
  });

  test('and a damaged last good copy: the store refuses to open and both stay; it never opens without people', async () => {
    for (const lastGood of [undefined, 'garbage']) {
      const { folder, adapter } = await setUp({ file: '{', ...(lastGood === undefined ? {} : { lastGood }) });
      const before = await names(folder);
      await expect(adapter.read()).rejects.toThrow(OperatingError);
      await expect(adapter.read()).rejects.toThrow(/people\.json is damaged.*last-good is (missing|damaged)/);
      expect(await names(folder)).toEqual(before);
    }
  });

  test('is reported without quoting the file', () => {
    expect(() => parse('{"secret": hunter2')).toThrow(/^not JSON/);
    expect(() => parse('{"secret": hunter2')).not.toThrow(/hunter/);
  });

  test('is still opened when the disk is too full to write it again', async () => {
    const { adapter, lines, file } = await setUp({ file: '{', lastGood: textOf(document) });
    const { open } = fs;
    const full = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'open' });
    vi.spyOn(fs, 'open').mockImplementation((path, flags, ...rest) =>
      typeof flags === 'number' && (flags & 3) === fs.constants.O_RDONLY
        ? open.call(fs, path, flags, ...rest)
        : Promise.reject(full),
    );
    expect(await adapter.read()).toEqual(document);
    expect(lines).toContain('the recovered people file could not be written yet');
    expect(await fs.readFile(`${file}.last-good`, 'utf8')).toBe(textOf(document));
  });
});

describe('a missing people file', () => {
  test('is replaced by the last good copy', async () => {
    const { adapter, lines } = await setUp({ lastGood: textOf(document) });
    expect(await adapter.read()).toEqual(document);
    expect(lines).toEqual(['people file gone: going on with the last good copy']);
  });

  test('without a last good copy means a new store', async () => {
    const { adapter, folder } = await setUp({});
    expect(await adapter.read()).toBeNull();
    expect(await names(folder)).toEqual([]);
  });
});

describe('a people file that must not be touched', () => {
  test.each([
    ['in the usual layout', textOf(document).replace('"schema":2', '"schema":3')],
    ['in another layout', '{ "schema": 3, "faces": [] }'],
  ])('of a newer Kaimon (%s) is refused and left as it is', async (_layout, text) => {
    const { adapter, folder, file } = await setUp({ file: text, lastGood: textOf(document) });
    await expect(adapter.read()).rejects.toThrow(/newer Kaimon \(format 3; this version reads up to 2\)/);
    expect(await fs.readFile(file, 'utf8')).toBe(text);
    expect(await names(folder)).toEqual(['people.json', 'people.json.last-good']);
  });

  test('is not replaced when it cannot be read at all', async () => {
    const { adapter, file } = await setUp({ lastGood: textOf(document) });
    await fs.mkdir(file);
    await expect(adapter.read()).rejects.toThrow(/cannot read .*people\.json/);
  });

  test('is only read by a command beside the daemon, even a damaged one', async () => {
    const { file, folder } = await setUp({ file: '{', lastGood: textOf(document) });
    const options = { file, encoder: ENCODER, clock: new ManualClock(), log: silentLog };
    expect(await readPeople(options)).toEqual(document);
    expect(await names(folder)).toEqual(['people.json', 'people.json.last-good']);
    expect((await readPeople({ ...options, file: join(folder, 'none.json') })).people.size).toBe(0);
    await expect(readPeople({ ...options, encoder: OTHER_ENCODER })).rejects.toMatchObject({
      code: 'KAIMON_PEOPLE_ENCODER',
    });
  });
});

test('what is written is read back, for its owner only, and the write before it is the last good copy', async () => {
  const { adapter, file } = await setUp({});
  await adapter.write(none);
  await adapter.write(document);
  expect(await adapter.read()).toEqual(document);
  expect(await fs.readFile(`${file}.last-good`, 'utf8')).toBe(textOf(none));
  for (const path of [file, `${file}.last-good`]) expect((await fs.stat(path)).mode & 0o777).toBe(0o600);
  expect(first(await fs.readFile(file, 'utf8'))).toContain('"schema":2');
});
