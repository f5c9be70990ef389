import { expect, test, vi } from 'vitest';
import type { JournalInput, Receipt } from '../../src/journal/writer.js';
import { journalOff } from '../../src/journal/writer.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { JournalThenSite } from '../../src/report/journal-then-site.js';
import { entriesOf, openJournal, turn } from '../journal/harness.js';
import { MemoryDisk } from '../journal/memory-disk.js';

const entry = (type: string): JournalInput => ({ type });

test('nothing is published before it is on the disk', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock);
  const published: (number | undefined)[] = [];
  let onDisk = '';
  const journalThenSite = new JournalThenSite(journal, () => undefined, silentLog);
  for (const type of ['granted', 'door'])
    journalThenSite.add({
      entry: entry(type),
      publish: (n) => {
        published.push(n);
        onDisk = [...disk.files.values()].map(({ bytes, safe }) => bytes.subarray(0, safe).toString()).join();
      },
    });
  await turn();
  expect(published).toEqual([]);
  clock.advance(50);
  await journalThenSite.settled();
  expect(published).toEqual([1, 2]);
  expect(onDisk).toContain('"type":"granted"');
  await journal.close();
  expect((await entriesOf(disk)).map((one) => one.entry.type)).toEqual(['granted', 'door']);
});

test('a disk that hangs delays what is published by two seconds and no longer', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock);
  disk.before = () => new Promise(() => undefined);
  const published: (number | undefined)[] = [];
  const journalThenSite = new JournalThenSite(journal, () => undefined, silentLog);
  journalThenSite.add({ entry: entry('granted'), publish: (n) => void published.push(n) });
  clock.advance(50);
  await turn();
  expect(published).toEqual([]);
  clock.advance(2_000);
  await journalThenSite.settled();
  expect(published).toEqual([undefined]);
});

test('things are published in the order in which they happened, whichever is written first', async () => {
  const answers: ((receipt: Receipt) => void)[] = [];
  const append = () => new Promise<Receipt>((resolve) => answers.push(resolve));
  const written: string[] = [];
  const journalThenSite = new JournalThenSite({ ...journalOff, append }, () => void written.push('written'), silentLog);
  const published: string[] = [];
  journalThenSite.add({ entry: entry('first'), publish: () => void published.push('first') });
  journalThenSite.add({ publish: () => void published.push('not kept') });
  journalThenSite.add({ entry: entry('last'), publish: () => void published.push('last') });
  answers[1]?.({ durable: true, n: 2 });
  await turn();
  expect(published).toEqual([]);
  answers[0]?.({ durable: false, why: 'lost' });
  await journalThenSite.settled();
  expect(published).toEqual(['first', 'not kept', 'last']);
  expect(written).toEqual(['written']);
});

test('what cannot be published does not keep back what comes after it', async () => {
  const error = vi.fn();
  const journalThenSite = new JournalThenSite(journalOff, () => undefined, { ...silentLog, error } as typeof silentLog);
  const published: string[] = [];
  journalThenSite.add({
    entry: entry('first'),
    publish: () => {
      throw new Error('too large');
    },
  });
  journalThenSite.add({ publish: () => void published.push('second') });
  await journalThenSite.settled();
  expect(published).toEqual(['second']);
  expect(error).toHaveBeenCalledWith({ type: 'first', err: 'too large' }, expect.any(String));
});
