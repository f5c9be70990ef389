import { expect, test, vi } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { DAY_MS, entriesOf, expectWhole, openJournal, record, turn } from './harness.js';
import { MemoryDisk } from './memory-disk.js';

/** A lock that a test can take away from whoever has it. */
function losable() {
  let current = { lost: false };
  const lock = () => {
    const mine = { lost: false };
    current = mine;
    return Promise.resolve({ holds: () => Promise.resolve(!mine.lost), release: () => Promise.resolve() });
  };
  const lose = () => {
    current.lost = true;
  };
  return { lock, lose };
}

test.each(['replace', 'remove'])(
  'a journal that loses its lock before it is to %s the second file leaves that to whoever has the lock',
  async (act) => {
    const [disk, clock, { lock, lose }] = [new MemoryDisk(), new ManualClock(), losable()];
    const policy = { maxAgeMs: DAY_MS, maxBytes: 1e9 };
    const journal = await openJournal(disk, clock, { lock, policy, segmentBytes: 900 });
    for (const person of ['ada', 'ada', 'ada', 'ada', 'ada', 'ada']) await record(journal, clock, person);
    const done: string[] = [];
    disk.before = (what, name) => {
      if (what !== act || !/\d{12}/.test(name)) return;
      done.push(name);
      lose();
    };
    clock.advance(2 * DAY_MS);
    await turn();
    const working = act === 'replace' ? journal.erase('ada') : journal.purge(true);
    await expect(working).rejects.toMatchObject({ code: 'KAIMON_JOURNAL_LOCKED' });
    // A segment goes with its personal fields.
    expect(done.length).toBeLessThanOrEqual(2);
    disk.before = () => undefined;
    // Run again, with a lock, it is completed.
    await (act === 'replace' ? journal.erase('ada') : journal.purge(true));
    await record(journal, clock, 'bob');
    await journal.close();
    const named = (await entriesOf(disk)).map(({ personal }) => personal).filter((personal) => personal !== undefined);
    expect(JSON.stringify(named)).not.toContain('ada');
    await expectWhole(disk);
  },
);

test('a journal that cannot be read, and whose lock cannot be given back either, says the first', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  disk.before = (act) => {
    if (act === 'list') throw new OperatingError('KAIMON_FILE_READ', 'the disk reports an error');
  };
  const refusing = () =>
    Promise.reject(new OperatingError('KAIMON_FILE_WRITE', 'the file system is mounted read-only'));
  const lock = () => Promise.resolve({ holds: () => Promise.resolve(true), release: refusing });
  const journal = await openJournal(disk, clock, { lock });
  expect(journal.fault).toMatch(/^the disk reports an error; /);
});

const namesOf = async (disk: MemoryDisk) =>
  (await entriesOf(disk)).map(({ entry, personal }) => personal?.['person'] ?? entry.type);

const CHAIN = '000000000001.jsonl';

/** Another run of the daemon, or a command. */
const openOther = (disk: MemoryDisk, clock: ManualClock) => openJournal(disk, clock, { boot: 'other' });

test.each<[string, (disk: MemoryDisk, clock: ManualClock) => Promise<void>, readonly string[]]>([
  ['nobody has had it', () => Promise.resolve(), ['ada', 'bob', 'eve', 'journal-gap', 'zoe']],
  [
    'another process only opened and closed the journal',
    async (disk, clock) => (await openOther(disk, clock)).close(),
    ['ada', 'bob', 'eve', 'journal-gap', 'zoe'],
  ],
  [
    'another process has gone on from it',
    async (disk, clock) => {
      const other = await openOther(disk, clock);
      await record(other, clock, 'carol');
      await other.close();
    },
    ['ada', 'bob', 'eve', 'carol', 'journal-gap', 'zoe'],
  ],
  [
    'another process has gone on from the part of it that reached the disk',
    async (disk, clock) => {
      const file = disk.files.get(CHAIN) ?? expect.fail('no file');
      file.bytes = file.bytes.subarray(0, -20);
      const other = await openOther(disk, clock);
      await record(other, clock, 'carol');
      await other.close();
    },
    ['ada', 'bob', 'journal-repaired', 'carol', 'eve', 'journal-gap', 'zoe'],
  ],
])(
  'a batch whose fsync failed, in the moment in which the lock was lost, stands in the journal once where %s',
  async (_what, meanwhile, expected) => {
    const [disk, clock, { lock, lose }] = [new MemoryDisk(), new ManualClock(), losable()];
    const journal = await openJournal(disk, clock, { lock, boot: 'gate' });
    await record(journal, clock, 'ada');
    disk.before = (act, name) => {
      if (act !== 'sync' || name !== CHAIN) return;
      disk.before = () => undefined;
      lose();
      throw new OperatingError('KAIMON_FILE_WRITE', 'the disk reports an error');
    };
    const receipts = record(journal, clock, 'bob', 'eve');
    await vi.waitFor(() => expect(journal.fault).toMatch(/^the disk reports an error/));
    await meanwhile(disk, clock);
    await vi.waitFor(() => {
      clock.advance(100);
      expect(journal.fault).toBeUndefined();
    });
    const at = (name: string) => ({ durable: true, n: expected.indexOf(name) + 1 });
    expect(await receipts).toEqual([at('bob'), at('eve')]);
    await vi.waitFor(async () => {
      clock.advance(50);
      expect(await namesOf(disk)).toContain('journal-gap');
    });
    expect(await record(journal, clock, 'zoe')).toEqual([at('zoe')]);
    await journal.close();
    expect(await namesOf(disk)).toEqual(expected);
    await expectWhole(disk);
  },
);
