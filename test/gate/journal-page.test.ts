import { beforeEach, expect, test } from 'vitest';
import { journalPage } from '../../src/gate/journal-page.js';
import type { FileJournal } from '../../src/journal/file-journal.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { argsSchemas, JOURNAL_PAGE_MAX } from '../../src/site/requests/verbs.js';
import { DAY_MS, openJournal } from '../journal/harness.js';
import { MemoryDisk } from '../journal/memory-disk.js';
import { until } from '../site/until.js';

let clock: ManualClock;
let journal: FileJournal;
const ask = (args: object) => journalPage(journal.reader, argsSchemas.journal.parse(args));
const numbers = (answer: Awaited<ReturnType<typeof ask>>) => answer.entries.map((entry) => (entry as { n: number }).n);

beforeEach(async () => {
  clock = new ManualClock();
  journal = await openJournal(new MemoryDisk(), clock, { segmentBytes: 20_000 });
});

type Texts = Readonly<Record<string, string>>;

async function write(type: string, count: number, personal?: Texts, fields: Texts = {}): Promise<void> {
  const last = (journal.extent?.last ?? 0) + count;
  for (let i = 0; i < count; i++)
    void journal.append({ type, fields: { ...fields, i }, ...(personal && { personal }) });
  await until('all are on the disk', () => {
    clock.advance(50);
    return journal.extent?.last === last;
  });
}

test('a range, page by page, to the end', async () => {
  for (let i = 0; i < 5; i++) await write('door', 50);
  const first = await ask({ from: 11, limit: 60 });
  expect(numbers(first)).toEqual(Array.from({ length: 60 }, (_, i) => 11 + i));
  expect(first).toMatchObject({ first: 1, last: 250, next: 71 });
  const last = await ask({ from: 201 });
  expect([numbers(last).length, last.next]).toEqual([50, null]);
  expect(await ask({ from: 251 })).toEqual({ first: 1, last: 250, entries: [], next: null });
});

test('what was since a time, by the clock of then', async () => {
  for (let day = 0; day < 4; day++) {
    await write('door', 3);
    clock.advance(DAY_MS);
  }
  // Eight o'clock of the third day, before its entries.
  const since = new Date(Date.UTC(2026, 10, 26, 8)).toISOString();
  expect(numbers(await ask({ since }))).toEqual([7, 8, 9, 10, 11, 12]);
  expect(numbers(await ask({ since, from: 9, limit: 2 }))).toEqual([9, 10]);
  expect(numbers(await ask({ since: '2030-01-01T00:00:00Z' }))).toEqual([]);
});

test('who it was is told as the events tell it, and not of entries that are no events', async () => {
  await write('granted', 1, { person: 'ada', name: 'Ada' });
  await write('person-synced', 1, { person: 'ada', name: 'Ada' });
  expect((await ask({ from: 1 })).entries).toMatchObject([
    { type: 'granted', person: 'ada', name: 'Ada', boot: 'test', n: 1 },
    { type: 'person-synced', n: 2 },
  ]);
  expect(JSON.stringify((await ask({ from: 2 })).entries)).not.toContain('ada');
});

test('a page of the largest entries is far below what a broker takes', async () => {
  const long = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, 'x'.repeat(300)]));
  await write('comet', 120, long, long);
  const answer = await ask({ from: 1 });
  expect(answer.entries).toHaveLength(JOURNAL_PAGE_MAX);
  expect(JSON.stringify(answer).length).toBeLessThan(700_000);
});

test.each([[{}], [{ from: 0 }], [{ from: 1, limit: JOURNAL_PAGE_MAX + 1 }], [{ since: 'yesterday' }], [{ from: 1.5 }]])(
  '%j is refused',
  (args) => {
    expect(argsSchemas.journal.safeParse(args).success).toBe(false);
  },
);

test('a gate without a journal says so', async () => {
  await expect(journalPage(undefined, argsSchemas.journal.parse({ from: 1 }))).rejects.toMatchObject({
    code: 'not-allowed',
  });
});
