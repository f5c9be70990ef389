import { expect, test } from 'vitest';
import { ERASED } from '../../src/journal/writer.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { DAY_MS, entriesOf, expectWhole, openJournal, record, turn, typesOf } from './harness.js';
import { MemoryDisk } from './memory-disk.js';

const PEOPLE = Array.from({ length: 30 }, (_, n) => (n % 2 ? 'ada' : 'bob'));
const allOf = (disk: MemoryDisk) => [...disk.files.keys()].map((name) => disk.text(name)).join();
const isSegment = (name: string) => /^\d+\.jsonl$/.test(name);

/** A journal of many files, all of them due, on a disk that takes 200 ms for each `slow` act from now on. */
async function onSlowDisk(slow: string) {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock, { segmentBytes: 700 });
  for (const person of PEOPLE) await record(journal, clock, person);
  clock.advance(100 * DAY_MS);
  await turn();
  const acts: string[] = [];
  disk.before = (act, name) => {
    if (act !== slow) return;
    acts.push(name);
    return new Promise((resolve) => void clock.after(200, resolve));
  };
  /** Lets the time go by until `work` has ended. */
  const during = async <T>(work: Promise<T>): Promise<T> => {
    let ended = false;
    const ends = () => {
      ended = true;
    };
    work.then(ends, ends);
    for (await turn(); !ended; await turn()) clock.advance(50);
    return work;
  };
  /** Waits until so many of them have begun. */
  const acted = async (count: number) => {
    for (await turn(); acts.length < count; await turn()) clock.advance(50);
  };
  /** Somebody comes in, and the gate is stopped; the journal has a second and a half. */
  const stop = async () => {
    const receipt = journal.append({ type: 'refused' });
    await during(journal.close(1_500));
    disk.before = () => undefined;
    expect(await receipt).toMatchObject({ durable: true });
    await expectWhole(disk);
  };
  return { disk, clock, journal, during, acted, stop };
}

test('a purge that still looks is given up when the journal is closed, so that what waits is written', async () => {
  const { disk, journal, acted, stop } = await onSlowDisk('read');
  const before = [...disk.files.keys()].filter(isSegment);
  const purging = journal.purge(true);
  await acted(3);
  await stop();
  expect(await purging).toBe(0);
  expect([...disk.files.keys()].filter(isSegment)).toEqual(expect.arrayContaining(before));
  expect(await typesOf(disk)).toEqual([...PEOPLE.map(() => 'granted'), 'refused']);
});

test('a purge that removes is given up between two files, and the next start finishes it', async () => {
  const { disk, clock, journal, acted, stop } = await onSlowDisk('remove');
  const purging = journal.purge(true);
  await acted(4);
  await stop();
  expect(await purging).toBe(PEOPLE.length);
  expect([...disk.files.keys()].filter(isSegment).length).toBeGreaterThan(5);
  await (await openJournal(disk, clock)).close();
  expect([...disk.files.keys()].filter(isSegment)).toHaveLength(1);
  expect(await typesOf(disk)).toEqual(['journal-purged', 'refused']);
  await expectWhole(disk);
});

test('an erasure that still looks is given up, and says that nothing was erased', async () => {
  const { disk, journal, acted, stop } = await onSlowDisk('read');
  const erasing = expect(journal.erase('ada')).rejects.toThrow('the journal is being closed: nothing was erased');
  await acted(3);
  await stop();
  await erasing;
  const people = (await entriesOf(disk)).map(({ personal }) => personal?.['person']);
  expect(people.filter((person) => person === 'ada')).toHaveLength(PEOPLE.length / 2);
  expect(await typesOf(disk)).not.toContain(ERASED);
});

test('an erasure that is noted is finished, and what waits is written before that', async () => {
  const { disk, journal, acted, during } = await onSlowDisk('replace');
  const erasing = journal.erase('ada');
  // The head, and the first of the files.
  await acted(2);
  const receipt = journal.append({ type: 'refused' });
  const closing = during(journal.close(30_000));
  expect(await during(receipt)).toMatchObject({ durable: true });
  expect(allOf(disk)).toMatch(/"ada"/);
  await closing;
  disk.before = () => undefined;
  expect(await erasing).toBe(PEOPLE.length / 2);
  expect(allOf(disk)).not.toMatch(/"ada"/);
  await expectWhole(disk);
});
