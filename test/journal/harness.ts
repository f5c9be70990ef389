import { expect } from 'vitest';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { queryEntries, type RecordedEntry } from '../../src/journal/audit/query.js';
import type { JournalDisk } from '../../src/journal/disk.js';
import { FileJournal } from '../../src/journal/file-journal.js';
import type { FileJournalOptions } from '../../src/journal/journal-options.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';

export const DAY_MS = 24 * 60 * 60_000;

export const freeLock = { holds: () => Promise.resolve(true), release: () => Promise.resolve() };

export function openJournal(disk: JournalDisk, clock: ManualClock, options: Partial<FileJournalOptions> = {}) {
  return FileJournal.open({
    disk,
    clock,
    log: silentLog,
    lock: () => Promise.resolve(freeLock),
    boot: 'test',
    segmentBytes: 1024 * 1024,
    policy: { maxAgeMs: 90 * DAY_MS, maxBytes: 200 * 1024 * 1024 },
    ...options,
  });
}

/** Lets everything run that waits for nothing but its turn. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Appends and waits for the disk. */
export async function record(journal: FileJournal, clock: ManualClock, ...people: string[]) {
  const receipts = people.map((person) =>
    journal.append({ type: 'granted', fields: { distance: 0.5 }, personal: { person, name: person.toUpperCase() } }),
  );
  clock.advance(50);
  return Promise.all(receipts);
}

export async function entriesOf(disk: JournalDisk): Promise<readonly RecordedEntry[]> {
  const entries: RecordedEntry[] = [];
  for await (const recorded of queryEntries(disk, {})) entries.push(recorded);
  return entries;
}

export const typesOf = async (disk: JournalDisk) => (await entriesOf(disk)).map(({ entry }) => entry.type);

export async function expectWhole(disk: JournalDisk) {
  const report = await auditJournal(disk);
  expect(report.faults).toEqual([]);
  return report;
}

/** A journal of several files, closed: what is on its disk. */
export async function writtenJournal(people: readonly string[], options: Partial<FileJournalOptions> = {}) {
  const { MemoryDisk } = await import('./memory-disk.js');
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock, { segmentBytes: 900, ...options });
  for (const person of people) await record(journal, clock, person);
  await journal.close();
  return { disk, clock };
}
