import { generateKeyPairSync } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { signatureCheckOf, signerOf } from '../../src/journal/signing.js';
import { OperatingError } from '../../src/kit/errors.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { DAY_MS, entriesOf, expectWhole, freeLock, openJournal, record, turn, typesOf } from './harness.js';
import { MemoryDisk } from './memory-disk.js';

const fresh = async (options = {}) => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  return { disk, clock, journal: await openJournal(disk, clock, options) };
};

test('an entry is acknowledged once it is fsynced, with its number', async () => {
  const { disk, clock, journal } = await fresh();
  const receipts = await record(journal, clock, 'ada', 'bob');
  expect(receipts).toEqual([
    { durable: true, n: 1 },
    { durable: true, n: 2 },
  ]);
  await expectWhole(disk.afterPowerCut(0, false));
  expect((await entriesOf(disk)).map(({ personal }) => personal?.['person'])).toEqual(['ada', 'bob']);
});

test('no line of the chain names a person', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada');
  // With the quotes: three of the digits of a digest can spell it.
  expect(disk.text('000000000001.jsonl')).not.toContain('"ada"');
  expect(disk.text('personal/000000000001.jsonl')).toMatch(/ada/);
});

test('64 entries are written without waiting for more', async () => {
  const { journal } = await fresh();
  const receipts = await Promise.all(Array.from({ length: 64 }, () => journal.append({ type: 'refused' })));
  expect(receipts.every(({ durable }) => durable)).toBe(true);
});

test('a new file begins when one is full, and with each new day', async () => {
  const { disk, clock, journal } = await fresh({ segmentBytes: 1000 });
  for (const person of ['a', 'b', 'c', 'd', 'e', 'f']) await record(journal, clock, person);
  const full = [...disk.files.keys()].filter((name) => /^\d+\.jsonl$/.test(name)).length;
  expect(full).toBeGreaterThan(1);
  clock.advance(DAY_MS);
  await record(journal, clock, 'g');
  expect([...disk.files.keys()].filter((name) => /^\d+\.jsonl$/.test(name))).toHaveLength(full + 1);
  await expectWhole(disk);
});

test('a full disk: the caller goes on after two seconds, all is written once there is room, and the gap is noted', async () => {
  const { disk, clock, journal } = await fresh();
  disk.before = (act) => {
    if (act === 'append') throw new Error('ENOSPC');
  };
  const receipt = journal.append({ type: 'refused' });
  clock.advance(50);
  await turn();
  expect(journal.fault).toMatch(/ENOSPC; 1 entries wait/);
  clock.advance(2_000);
  expect(await receipt).toMatchObject({ durable: false, why: 'late' });
  await turn();
  disk.before = () => undefined;
  clock.advance(30_000);
  await turn();
  clock.advance(50);
  await turn();
  expect(journal.fault).toBeUndefined();
  expect(await typesOf(disk)).toEqual(['refused', 'journal-gap']);
  await expectWhole(disk);
});

test('half a line of a failed write is cut off before the next try', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada');
  disk.before = (act, name) => {
    if (act !== 'sync' || name.startsWith('personal')) return;
    throw new Error('EIO');
  };
  void journal.append({ type: 'refused' });
  clock.advance(50);
  await turn();
  disk.before = () => undefined;
  clock.advance(500);
  await turn();
  clock.advance(50);
  await turn();
  await journal.close();
  expect(await typesOf(disk)).toEqual(['granted', 'refused', 'journal-gap']);
  await expectWhole(disk);
});

test('a disk that hangs: entries wait up to a bound, further ones are lost, and the next entry says how many', async () => {
  const { disk, clock, journal } = await fresh();
  let answer: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => {
    answer = resolve;
  });
  disk.before = (act) => (act === 'append' ? hanging : undefined);
  const receipts = Array.from({ length: 1_003 }, () => journal.append({ type: 'refused' }));
  expect(await receipts[1_002]).toEqual({ durable: false, why: 'lost' });
  clock.advance(2_000);
  await turn();
  expect(journal.fault).toMatch(/does not answer; 1000 entries wait, 3 lost/);
  disk.before = () => undefined;
  answer();
  await turn();
  for (let i = 0; i < 20; i++) {
    clock.advance(50);
    await turn();
  }
  const entries = await entriesOf(disk);
  expect(entries).toHaveLength(1_001);
  expect(entries.at(-1)?.entry).toMatchObject({ type: 'journal-gap', fields: { lost: 3 } });
  await expectWhole(disk);
});

test('a disk that hangs for ever does not keep the daemon from ending, and what it has not taken is logged', async () => {
  const error = vi.fn();
  const { disk, clock, journal } = await fresh({ log: { ...silentLog, error } as typeof silentLog });
  disk.before = (act) => (act === 'append' ? new Promise<void>(() => undefined) : undefined);
  const receipt = journal.append({ type: 'refused' });
  clock.advance(50);
  await turn();
  const closed = journal.close(3_000);
  clock.advance(3_000);
  await closed;
  expect(error).toHaveBeenLastCalledWith({ lost: 1 }, expect.stringMatching(/^the end of the journal is lost/));
  expect(await receipt).toMatchObject({ durable: false });
  expect(await journal.append({ type: 'refused' })).toEqual({ durable: false, why: 'closed' });
});

test('erasing on a disk that hangs is given up after ten seconds, and whoever comes then is told at once, until it goes on', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada');
  let answer: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => {
    answer = resolve;
  });
  disk.before = () => hanging;
  void journal.append({ type: 'refused' });
  clock.advance(50);
  await turn();
  const message = 'the disk has not answered for 10 seconds';
  const hangs = { status: 'rejected', reason: { code: 'KAIMON_FILE_WRITE', message } };
  const erasing = Promise.allSettled([journal.erase('ada'), journal.purge(true)]);
  clock.advance(10_000);
  expect(await erasing).toMatchObject([hangs, hangs]);
  expect(await Promise.allSettled([journal.erase('ada')])).toMatchObject([hangs]);
  disk.before = () => undefined;
  answer();
  await turn();
  expect(await journal.erase('ada')).toBeLessThanOrEqual(1);
  expect([...disk.files.values()].map(({ bytes }) => bytes.toString('utf8')).join()).not.toMatch(/"ada"/);
  await journal.close();
  await expectWhole(disk);
});

test('erasing on a slow disk that goes on is not given up', async () => {
  const { disk, clock, journal } = await fresh({ segmentBytes: 1000 });
  for (const person of ['ada', 'bob', 'ada', 'eve', 'ada']) await record(journal, clock, person);
  disk.before = () => clock.advance(9_000);
  expect(await journal.erase('ada')).toBe(3);
  disk.before = () => undefined;
  await journal.close();
});

test('a torn last line is set aside at the next start, with a note, and the chain goes on', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada');
  await journal.close();
  const torn = MemoryDisk.of([
    ...Array.from(disk.files, ([name, { bytes }]) => [name, bytes] as const),
    [
      '000000000001.jsonl',
      Buffer.concat([disk.files.get('000000000001.jsonl')?.bytes ?? Buffer.alloc(0), Buffer.from('{"v":1,"n":2')]),
    ],
  ]);
  expect((await expectWhole(torn)).torn).toEqual({ file: '000000000001.jsonl', line: 2, bytes: 12 });
  const again = await openJournal(torn, clock);
  await record(again, clock, 'bob');
  await again.close();
  expect(await typesOf(torn)).toEqual(['granted', 'journal-repaired', 'granted']);
  expect(torn.text('000000000001.torn-000000000002')).toBe('{"v":1,"n":2');
  expect(await expectWhole(torn)).toMatchObject({ torn: null, notes: { repaired: 1 } });
});

test.each([
  ['in one file', 8],
  ['in several files', 1.5],
])(
  'a journal of some megabytes %s, of which a start reads the end only, goes on without a note of damage',
  async (_where, megabytes) => {
    const options = { segmentBytes: megabytes * 1024 * 1024 };
    const { disk, clock, journal } = await fresh(options);
    const text = 'x'.repeat(280);
    const fields = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`text${i}`, text]));
    for (let batch = 0; batch < 13; batch++)
      await Promise.all(Array.from({ length: 64 }, () => journal.append({ type: 'refused', fields })));
    await journal.close();
    const again = await openJournal(disk, clock, options);
    await record(again, clock, 'ada');
    await again.close();
    expect(new Set(await typesOf(disk))).toEqual(new Set(['refused', 'granted']));
    await expectWhole(disk);
  },
);

test('a tail that was cut off while the daemon was down is noted when it starts and reported by every check after that', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada', 'bob');
  await journal.close();
  const [line = ''] = disk.text('000000000001.jsonl').split('\n');
  disk.files.set('000000000001.jsonl', { bytes: Buffer.from(`${line}\n`), safe: 0 });
  expect((await auditJournal(disk)).faults[0]).toMatchObject({ kind: 'missing', n: 2 });
  const again = await openJournal(disk, clock);
  await record(again, clock, 'eve');
  await again.close();
  const [fault] = (await auditJournal(disk)).faults;
  expect(fault).toMatchObject({ kind: 'noted', n: 2 });
  // A second start does not note it again.
  await (await openJournal(disk, clock)).close();
  expect(await typesOf(disk)).toEqual(['granted', 'journal-broken', 'granted']);
});

test('a person is erased from every file; the chain verifies, and the entry about it names no person', async () => {
  const { disk, clock, journal } = await fresh({ segmentBytes: 1000 });
  for (const person of ['ada', 'bob', 'ada', 'eve', 'ada']) await record(journal, clock, person);
  void journal.append({ type: 'enrolled', personal: { person: 'bob', other: 'ada' } });
  expect(await journal.erase('ada')).toBe(4);
  expect(await journal.erase('ada')).toBe(0);
  await record(journal, clock, 'eve');
  await journal.close();
  const everything = [...disk.files.values()].map(({ bytes }) => bytes.toString('utf8')).join();
  expect(everything).not.toMatch(/"ada"/i);
  expect(await expectWhole(disk)).toMatchObject({ personal: { kept: 3, erased: 4 } });
  expect((await entriesOf(disk)).find(({ entry }) => entry.type === 'erased')?.entry.fields).toEqual({ entries: 4 });
});

test('personal fields that were removed or exchanged without an entry of erasure are found', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada', 'bob');
  await journal.close();
  const name = 'personal/000000000001.jsonl';
  const whole = disk.text(name);
  const put = (text: string) => disk.files.set(name, { bytes: Buffer.from(text), safe: 0 });
  put(whole.split('\n').slice(1).join('\n'));
  expect((await auditJournal(disk)).faults).toMatchObject([{ kind: 'personal', n: 1 }]);
  put(whole.replace('"person":"ada"', '"person":"eve"'));
  expect((await auditJournal(disk)).faults).toMatchObject([{ kind: 'personal', n: 1, file: name, line: 1 }]);
});

test('old files are purged, and the missing beginning is explained', async () => {
  const { disk, clock, journal } = await fresh({ policy: { maxAgeMs: 10 * DAY_MS, maxBytes: 1e9 } });
  for (const person of ['ada', 'bob', 'eve']) {
    await record(journal, clock, person);
    await turn();
    clock.advance(4 * DAY_MS);
  }
  expect(await journal.purge(false)).toBe(0);
  expect(await journal.purge(true)).toBe(1);
  expect(await journal.purge(true)).toBe(0);
  await journal.close();
  expect(await expectWhole(disk)).toMatchObject({ first: 2, last: 4, checkpoint: { n: 1 } });
  expect([...disk.files.keys()].filter((name) => name.includes('000000000001'))).toEqual([]);
  disk.files.delete('checkpoint.json');
  expect((await auditJournal(disk)).faults).toMatchObject([{ kind: 'missing', n: 1 }]);
});

test('what was written while the clock stood in 1970 takes nothing along once it is right again', async () => {
  const { disk, clock, journal } = await fresh({ policy: { maxAgeMs: 10 * DAY_MS, maxBytes: 1e9 } });
  await record(journal, clock, 'ada');
  const aheadMs = clock.wall() - DAY_MS;
  clock.jumpWall(-aheadMs);
  await record(journal, clock, 'bob');
  clock.jumpWall(aheadMs + DAY_MS);
  await record(journal, clock, 'eve');
  expect(await journal.purge(true)).toBe(0);
  clock.advance(11 * DAY_MS);
  expect(await journal.purge(true)).toBe(3);
  await journal.close();
  await expectWhole(disk);
});

test.each([
  ['in 1970', 0],
  ["at its maker's date, which is that of no time in between", Date.UTC(2026, 10, 2)],
  ['an hour ahead', undefined],
])(
  'a gate that is off at night, whose clock begins %s until it is set right, keeps what is young and nothing else',
  async (_where, begins) => {
    const keptDays = 20;
    const { disk, clock, journal } = await fresh({ policy: { maxAgeMs: keptDays * DAY_MS, maxBytes: 1e9 } });
    const days = 100;
    for (let day = 0; day < days; day++) {
      const right = Date.UTC(2027, 5, 1 + day, 8);
      clock.jumpWall((begins ?? right + 3_600_000) + day - clock.wall());
      await record(journal, clock, 'ada');
      clock.jumpWall(right - clock.wall());
      await record(journal, clock, `day-${day}`);
      await record(journal, clock, `day-${day}`);
      clock.jumpWall(right + 3_600_000 * 9 - clock.wall());
      await journal.purge(true);
    }
    await journal.close();
    const seen = (await entriesOf(disk))
      .map(({ personal }) => String(personal?.['person']))
      .filter((person) => person.startsWith('day-'));
    const kept = new Set(seen.map((person) => Number(person.slice(4))));
    expect([...kept]).toEqual(Array.from({ length: kept.size }, (_, n) => days - kept.size + n));
    expect(kept.size).toBeGreaterThanOrEqual(keptDays);
    expect(kept.size).toBeLessThanOrEqual(keptDays + 2);
    await expectWhole(disk);
  },
);

test('a gate without new entries purges its only file, too', async () => {
  const { disk, clock, journal } = await fresh({ policy: { maxAgeMs: 10 * DAY_MS, maxBytes: 1e9 } });
  await record(journal, clock, 'ada');
  await turn();
  clock.advance(11 * DAY_MS);
  expect(await journal.purge(true)).toBe(1);
  await journal.close();
  expect(await typesOf(disk)).toEqual(['journal-purged']);
  await expectWhole(disk);
});

test('the journal never grows beyond its size', async () => {
  const { disk, clock, journal } = await fresh({ segmentBytes: 1000, policy: { maxAgeMs: DAY_MS, maxBytes: 8000 } });
  for (let i = 0; i < 60; i++) {
    await record(journal, clock, `p${i}`);
    await turn();
  }
  await journal.close();
  const bytes = [...disk.files.values()].reduce((sum, file) => sum + file.bytes.length, 0);
  expect(bytes).toBeLessThan(10_000);
  const report = await expectWhole(disk);
  expect(report.first).toBeGreaterThan(1);
});

test('head and checkpoint are signed where there is a key, and a change by hand is found', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = signerOf(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })), 'key');
  const check = signatureCheckOf(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })), 'pub');
  const { disk, clock, journal } = await fresh({ signer: () => signer });
  await record(journal, clock, 'ada');
  await journal.close();
  expect(journal.head).toMatchObject({ n: 1, key: check.key });
  expect(await auditJournal(disk, { check })).toMatchObject({ ok: true, signature: 'valid' });
  expect(await auditJournal(disk)).toMatchObject({ ok: true, signature: 'unchecked' });
  const head = JSON.parse(disk.text('head.json'));
  for (const forged of [
    { ...head, time: '2026-01-01T00:00:00.000Z' },
    { ...head, signature: undefined },
  ]) {
    disk.files.set('head.json', { bytes: Buffer.from(JSON.stringify(forged)), safe: 0 });
    expect(await auditJournal(disk, { check })).toMatchObject({ ok: false, signature: 'invalid' });
  }
});

test('personal fields of an entry that was not written because of a kill are removed, even if the next entry begins a new file', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada');
  disk.endAt = disk.acts + 2;
  void record(journal, clock, 'bob');
  await turn();
  const left = disk.afterKill();
  expect(left.text('personal/000000000001.jsonl')).toMatch(/bob/);
  clock.advance(DAY_MS);
  const again = await openJournal(left, clock);
  await record(again, clock, 'eve');
  await again.close();
  expect((await entriesOf(left)).map(({ personal }) => personal?.['person'])).toEqual(['ada', 'eve']);
  expect(left.text('personal/000000000001.jsonl')).not.toMatch(/bob/);
  await expectWhole(left);
});

test('what a kill left of a file that was being replaced is removed at the next start', async () => {
  const { disk, clock, journal } = await fresh();
  await record(journal, clock, 'ada');
  await journal.close();
  const temp = 'personal/.000000000001.jsonl.0123456789ab.tmp';
  disk.files.set(temp, { bytes: Buffer.from('ada'), safe: 0 });
  await openJournal(disk, clock);
  expect(disk.files.has(temp)).toBe(false);
});

test('the journal starts with the disk full, and says so', async () => {
  const disk = new MemoryDisk();
  const clock = new ManualClock();
  disk.before = (act) => {
    if (['append', 'replace'].includes(act)) throw new Error('ENOSPC');
  };
  const journal = await openJournal(disk, clock);
  void journal.append({ type: 'started' });
  clock.advance(50);
  await turn();
  expect(journal.fault).toMatch(/ENOSPC/);
});

test('a disk that is full when the journal is opened: the gate goes on, entries wait, and all is written once there is room', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const full = () => {
    throw new OperatingError('KAIMON_FILE_WRITE', 'cannot lock the journal: the disk is full');
  };
  let lock: () => Promise<typeof freeLock> = async () => full();
  const journal = await openJournal(disk, clock, { lock: () => lock() });
  expect(journal.fault).toBe('cannot lock the journal: the disk is full; 0 entries wait');
  expect([journal.head, journal.newestMs]).toEqual([undefined, undefined]);
  const receipt = journal.append({ type: 'started' });
  await expect(journal.erase('ada')).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
  await expect(journal.purge(true)).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
  for (let s = 0; s < 60; s++) {
    clock.advance(1000);
    await turn();
  }
  expect(await receipt).toMatchObject({ durable: false, why: 'late' });
  expect(disk.files.size).toBe(0);
  lock = async () => freeLock;
  clock.advance(30_000);
  for (let i = 0; i < 50; i++) await turn();
  expect(journal.fault).toBeUndefined();
  await journal.close();
  expect(await typesOf(disk)).toEqual(['started', 'journal-gap']);
  await expectWhole(disk);
});

test('a key that cannot be read leaves the journal unwritten rather than unsigned, and the gate goes on', async () => {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const signer = () => {
    throw new OperatingError('KAIMON_SECRET', 'cannot read journal.keyFile');
  };
  const journal = await openJournal(disk, clock, { signer });
  expect(journal.fault).toMatch(/^cannot read journal.keyFile/);
  void journal.append({ type: 'started' });
  await journal.close();
  expect(disk.files.size).toBe(0);
});

test('a journal that another process writes is refused', async () => {
  const lock = () => Promise.reject(new OperatingError('KAIMON_JOURNAL_LOCKED', 'in use'));
  await expect(openJournal(new MemoryDisk(), new ManualClock(), { lock })).rejects.toMatchObject({
    code: 'KAIMON_JOURNAL_LOCKED',
  });
});
