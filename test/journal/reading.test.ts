import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileJournal } from '../../src/journal/file-journal.js';
import { findLine, numberAt } from '../../src/journal/reading/find-line.js';
import type { PageWish, ReadEntry } from '../../src/journal/reading/reader.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { openJournal, record } from './harness.js';
import { MemoryDisk } from './memory-disk.js';

async function journalOf(count: number, segmentBytes: number) {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock, { segmentBytes });
  for (let i = 0; i < count; i++) await record(journal, clock, `p${i % 3}`);
  return { disk, clock, journal };
}

/** Reads on to the end, as an outbox does. */
async function all(journal: FileJournal, wish: PageWish): Promise<readonly ReadEntry[]> {
  const entries: ReadEntry[] = [];
  for (let { after } = wish; ; ) {
    const page = await journal.reader.page({ ...wish, after });
    entries.push(...page.entries);
    if (!page.upTo) return entries;
    after = page.upTo.n;
  }
}

test('pages of any size, from anywhere, over any number of files, hold each entry once, in order, with its person', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 300, max: 4_000 }),
      fc.integer({ min: 0, max: 31 }),
      fc.integer({ min: 1, max: 12 }),
      async (count, segmentBytes, after, limit) => {
        const { journal } = await journalOf(count, segmentBytes);
        const entries = await all(journal, { after, limit });
        const numbers = Array.from({ length: Math.max(0, count - after) }, (_, i) => after + 1 + i);
        expect(entries.map(({ entry }) => entry.n)).toEqual(numbers);
        expect(entries.map(({ personal }) => personal?.['person'])).toEqual(numbers.map((n) => `p${(n - 1) % 3}`));
        for (const { entry, hash } of entries) expect(await journal.reader.hashOf(entry.n)).toBe(hash);
        await journal.close();
      },
    ),
    { numRuns: 40 },
  );
});

test('what is appended while somebody reads comes in the next page', async () => {
  const { journal, clock } = await journalOf(3, 500);
  const first = await journal.reader.page({ after: 0, limit: 10 });
  expect(first.upTo?.n).toBe(3);
  expect((await journal.reader.page({ after: 3, limit: 10 })).upTo).toBeUndefined();
  await record(journal, clock, 'late', 'later');
  expect((await journal.reader.page({ after: 3, limit: 10 })).entries.map(({ entry }) => entry.n)).toEqual([4, 5]);
});

test('only wanted types and times are given, and the page says how far it has looked all the same', async () => {
  const { journal } = await journalOf(5, 10_000);
  const none = await journal.reader.page({ after: 0, limit: 10, wanted: (type) => type === 'fire' });
  expect([none.entries.length, none.upTo?.n]).toEqual([0, 5]);
  expect(await journal.reader.page({ after: 0, limit: 10, sinceMs: Date.UTC(2030, 0, 1) })).toMatchObject({
    entries: [],
    upTo: { n: 5 },
  });
  expect((await journal.reader.page({ after: 0, upTo: 2, limit: 10 })).upTo?.n).toBe(2);
});

test('of somebody who was erased no page tells, and others are found where their lines have moved', async () => {
  const { journal, clock } = await journalOf(6, 100_000);
  const erased = journal.erase('p0');
  clock.advance(50);
  expect(await erased).toBe(2);
  const entries = await all(journal, { after: 0, limit: 2, wanted: (type) => type === 'granted' });
  expect(entries.map(({ personal }) => personal?.['person'])).toEqual([undefined, 'p1', 'p2', undefined, 'p1', 'p2']);
});

test('the first page after a purge says where the journal begins now', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock, { segmentBytes: 700, policy: { maxAgeMs: 1e12, maxBytes: 3_000 } });
  await record(journal, clock, 'ada');
  expect((await journal.reader.page({ after: 0, limit: 1 })).first).toBe(1);
  for (let i = 0; i < 30; i++) await record(journal, clock, `p${i}`);
  await journal.purge(false);
  const page = await journal.reader.page({ after: 1, limit: 1 });
  expect(page.first).toBeGreaterThan(2);
  expect(page.entries[0]?.entry.n).toBe(page.first);
  expect(await journal.reader.first()).toBe(page.first);
});

test('a damaged line is left out, and what comes after it is read', async () => {
  const { disk, journal } = await journalOf(4, 100_000);
  const name = '000000000001.jsonl';
  const content = disk.files.get(name);
  if (!content) throw new Error('no file');
  const lines = content.bytes.toString().split('\n');
  content.bytes = Buffer.from([lines[0], lines[1]?.replace('"n":2', '"m":2'), ...lines.slice(2)].join('\n'));
  expect((await all(journal, { after: 0, limit: 10 })).map(({ entry }) => entry.n)).toEqual([1, 3, 4]);
});

describe('finding a line', () => {
  const file = (count: number, damage: (line: string, n: number) => string = (line) => line) => {
    const lines = Array.from({ length: count }, (_, i) => damage(`{"n":${i + 1},"x":"${'y'.repeat(200)}"}`, i + 1));
    return MemoryDisk.of([['f', Buffer.from(`${lines.join('\n')}\n`)]]);
  };
  test('each of 3,000: not behind it, and near it', async () => {
    const disk = file(3_000);
    const bytes = (await disk.read('f')) as Buffer;
    for (let n = 1; n <= 3_010; n++) {
      const number = numberAt(bytes, (await findLine(disk, 'f', n)) ?? -1) ?? Number.NaN;
      expect(number).toBeLessThanOrEqual(n);
      expect(Math.min(n, 3_000) - number).toBeLessThan(400);
    }
  });
  test('where a stretch cannot be read, it begins before it', async () => {
    const disk = file(3_000, (line, n) => (n > 1_000 && n < 1_400 ? '?'.repeat(line.length) : line));
    const at = (await findLine(disk, 'f', 1_390)) ?? -1;
    expect(numberAt((await disk.read('f')) as Buffer, at) ?? Number.NaN).toBeLessThanOrEqual(1_000);
  });
  test('there is no such file', async () => {
    expect(await findLine(new MemoryDisk(), 'f', 1)).toBeUndefined();
  });
});
