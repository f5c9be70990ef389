import { expect, test, vi } from 'vitest';
import type { JournalInput, Receipt } from '../../src/journal/writer.js';
import { journalOff } from '../../src/journal/writer.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { JournalThenSite } from '../../src/report/journal-then-site.js';
import { entriesOf, openJournal, turn } from '../journal/harness.js';
import { MemoryDisk } from '../journal/memory-disk.js';

const entry = (type: string): JournalInput => ({ type });

test('nothing is told before it is on the disk', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock);
  const told: (number | undefined)[] = [];
  let onDisk = '';
  const bulletin = new JournalThenSite(journal, () => undefined, silentLog);
  for (const type of ['granted', 'door'])
    bulletin.add({
      entry: entry(type),
      publish: (n) => {
        told.push(n);
        onDisk = [...disk.files.values()].map(({ bytes, safe }) => bytes.subarray(0, safe).toString()).join();
      },
    });
  await turn();
  expect(told).toEqual([]);
  clock.advance(50);
  await bulletin.settled();
  expect(told).toEqual([1, 2]);
  expect(onDisk).toContain('"type":"granted"');
  await journal.close();
  expect((await entriesOf(disk)).map((one) => one.entry.type)).toEqual(['granted', 'door']);
});

test('a disk that hangs delays the news by two seconds and no longer', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock);
  disk.before = () => new Promise(() => undefined);
  const told: (number | undefined)[] = [];
  const bulletin = new JournalThenSite(journal, () => undefined, silentLog);
  bulletin.add({ entry: entry('granted'), publish: (n) => void told.push(n) });
  clock.advance(50);
  await turn();
  expect(told).toEqual([]);
  clock.advance(2_000);
  await bulletin.settled();
  expect(told).toEqual([undefined]);
});

test('the order is that of what happened, whatever comes back first; what is on the disk is told', async () => {
  const answers: ((receipt: Receipt) => void)[] = [];
  const append = () => new Promise<Receipt>((resolve) => answers.push(resolve));
  const written: string[] = [];
  const bulletin = new JournalThenSite({ ...journalOff, append }, () => void written.push('written'), silentLog);
  const told: string[] = [];
  bulletin.add({ entry: entry('first'), publish: () => void told.push('first') });
  bulletin.add({ publish: () => void told.push('not kept') });
  bulletin.add({ entry: entry('last'), publish: () => void told.push('last') });
  answers[1]?.({ durable: true, n: 2 });
  await turn();
  expect(told).toEqual([]);
  answers[0]?.({ durable: false, why: 'lost' });
  await bulletin.settled();
  expect(told).toEqual(['first', 'not kept', 'last']);
  expect(written).toEqual(['written']);
});

test('one that cannot be told keeps none from being told after it', async () => {
  const error = vi.fn();
  const bulletin = new JournalThenSite(journalOff, () => undefined, { ...silentLog, error } as typeof silentLog);
  const told: string[] = [];
  bulletin.add({
    entry: entry('first'),
    publish: () => {
      throw new Error('too large');
    },
  });
  bulletin.add({ publish: () => void told.push('second') });
  await bulletin.settled();
  expect(told).toEqual(['second']);
  expect(error).toHaveBeenCalledWith({ type: 'first', err: 'too large' }, expect.any(String));
});
