import { beforeEach, expect, test } from 'vitest';
import type { FileJournalOptions } from '../../../src/journal/journal-options.js';
import type { JournalInput } from '../../../src/journal/writer.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { JournalThenSite } from '../../../src/report/journal-then-site.js';
import { type CursorDocument, cursorSchema, NO_CURSOR } from '../../../src/site/events/cursor.js';
import { KeptEvents } from '../../../src/site/events/kept-events.js';
import { Outbox } from '../../../src/site/outbox.js';
import { erasingEvents } from '../../../src/site/uplink.js';
import { entriesOf, openJournal, turn } from '../../journal/harness.js';
import { MemoryDisk } from '../../journal/memory-disk.js';
import { until } from '../until.js';

let clock: ManualClock;
let disk: MemoryDisk;
/** The cursor's file, as it was saved last. */
let saved: CursorDocument;
let sent: Record<string, unknown>[];
let broker: 'takes' | 'refuses';
let problem: string | undefined;
let life = 0;
/** How often an event was given to the broker. */
let tried = 0;

/** One run of a gate: its journal, its outbox, and what joins them. */
async function gate(options: Partial<FileJournalOptions> = {}) {
  const journal = await openJournal(disk, clock, { boot: `life${++life}`, ...options });
  const file = {
    found: saved,
    save: (now: () => CursorDocument) => {
      saved = cursorSchema.parse(now());
    },
    saveNow: async (now: () => CursorDocument) => {
      saved = cursorSchema.parse(now());
    },
  };
  const kept = new KeptEvents({ gate: 'north', reader: journal.reader, file, clock, log: silentLog });
  const outbox = new Outbox({ gate: 'north', boot: `life${life}`, clock, log: silentLog, kept });
  outbox.setCarrier({
    publish: async (text) => {
      tried++;
      if (broker === 'refuses') throw new Error('away');
      sent.push(JSON.parse(text) as Record<string, unknown>);
    },
    onProblem: (text) => {
      problem = text;
    },
  });
  const reports = new JournalThenSite(journal, () => undefined, silentLog);
  const happens = (type: string, more: Partial<JournalInput> = {}) =>
    reports.add({
      entry: { type, ...more },
      publish: (n, later) =>
        outbox.add(type, { person: more.personal?.['person'] ?? null } as never, clock.wall(), { n, later }),
    });
  const unkept = (type: string, text: string) => reports.add({ publish: () => outbox.add(type, { text }) });
  const written = async () => {
    clock.advance(50);
    await reports.settled();
  };
  return { journal, outbox, happens, unkept, written };
}
const told = () => sent.map(({ type, n }) => `${type} ${n}`);
const person = (id: string): Partial<JournalInput> => ({ personal: { person: id, name: id.toUpperCase() } });
const emptied = async (outbox: Outbox) => {
  let empty = false;
  void outbox.empty().then(() => (empty = true));
  await until('everything is told', () => empty);
};

beforeEach(() => {
  clock = new ManualClock();
  disk = new MemoryDisk();
  saved = NO_CURSOR;
  sent = [];
  broker = 'takes';
  problem = undefined;
  life = 0;
  tried = 0;
});

test('what the journal has is told, under the number of its entry and the run that wrote it', async () => {
  const { outbox, happens, written } = await gate();
  outbox.up();
  happens('started');
  happens('granted', person('ada'));
  await written();
  await emptied(outbox);
  expect(sent).toMatchObject([
    { v: 1, id: 'north-life1-1', n: 1, type: 'started', entry: 1, time: '2026-11-24T08:00:00.000Z' },
    { id: 'north-life1-2', n: 2, type: 'granted', entry: 2, person: 'ada', name: 'ADA' },
  ]);
  expect([saved.told?.n, saved.alarms?.n, outbox.size]).toEqual([2, 2, 0]);
});

test('an outage over a restart: each once, in order, alarms first, under the same ids', async () => {
  const first = await gate();
  for (const type of ['started', 'granted', 'forced', 'refused']) first.happens(type);
  await first.written();
  await first.journal.close();
  const second = await gate();
  for (const type of ['started', 'fire', 'granted']) second.happens(type);
  await second.written();
  second.outbox.up();
  await emptied(second.outbox);
  expect(sent.map(({ id }) => id)).toEqual([3, 6, 1, 2, 4, 5, 7].map((n) => `north-life${n > 4 ? 2 : 1}-${n}`));
});

test('an alarm overtakes what waits while the others are told', async () => {
  const { outbox, happens, written } = await gate();
  for (let i = 0; i < 100; i++) {
    happens('granted');
    if (i % 50 === 49) await written();
  }
  outbox.up();
  await until('some are told', () => sent.length > 3);
  // Nothing more is told before the alarm is written, however long the disk takes.
  outbox.down();
  happens('tamper');
  await written();
  outbox.up();
  await emptied(outbox);
  expect(told().indexOf('tamper 101')).toBeLessThan(100);
  expect(new Set(told()).size).toBe(101);
  expect(sent.filter(({ type }) => type === 'granted').map(({ n }) => n)).toEqual(
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
});

test('a kill before the cursor was saved tells again what was told, under the ids that it had', async () => {
  const first = await gate();
  first.outbox.up();
  first.happens('started');
  await first.written();
  await emptied(first.outbox);
  const before = saved;
  first.happens('forced');
  first.happens('granted');
  await first.written();
  await emptied(first.outbox);
  await first.journal.close();
  saved = before;
  const second = await gate();
  second.outbox.up();
  await emptied(second.outbox);
  expect(sent.map(({ id }) => id)).toEqual([1, 2, 3, 2, 3].map((n) => `north-life1-${n}`));
});

test('what was purged before it was told is one event, which names the first and the last entry', async () => {
  const { outbox, journal, happens, written } = await gate({
    segmentBytes: 600,
    policy: { maxAgeMs: 1e12, maxBytes: 2_500 },
  });
  for (let i = 0; i < 30; i++) {
    happens('granted');
    await written();
  }
  await journal.purge(false);
  outbox.up();
  await emptied(outbox);
  const [gap, next] = sent;
  expect(gap).toMatchObject({ type: 'gap', first: 1, why: 'purged', n: gap?.['last'] });
  expect(next).toMatchObject({ type: 'granted', n: Number(gap?.['last']) + 1 });
  expect(gap?.['id']).toMatch(/^north-gap[0-9a-f]{8}-\d+$/);
  expect(sent.filter(({ type }) => type === 'gap')).toHaveLength(1);
  const left = (await entriesOf(disk)).filter(({ entry }) => entry.type === 'granted').map(({ entry }) => entry.n);
  expect(sent.slice(1).map(({ n }) => n)).toEqual(left);
  expect(outbox.lostTotal).toBe(gap?.['last']);
  expect(saved.gap).toBeNull();
});

test('without a cursor nothing of before this start is told, and one event says of which entries nobody knows', async () => {
  const first = await gate();
  first.happens('granted');
  first.happens('forced');
  await first.written();
  await first.journal.close();
  saved = NO_CURSOR;
  const second = await gate();
  second.happens('started');
  await second.written();
  broker = 'refuses';
  second.outbox.up();
  await until('it is tried', () => {
    clock.advance(0);
    return saved.gap !== null && tried > 0;
  });
  second.outbox.stop();
  await second.journal.close();
  // Also over another restart, before the broker was there.
  broker = 'takes';
  const third = await gate();
  third.outbox.up();
  await emptied(third.outbox);
  expect(told()).toEqual(['gap 2', 'started 3']);
  expect(sent[0]).toMatchObject({ first: 1, last: 2, why: 'unknown' });
});

test('of somebody who was erased meanwhile nothing is told but that it was somebody', async () => {
  const { outbox, journal, happens, unkept, written } = await gate();
  happens('granted', person('ada'));
  happens('granted', person('grace'));
  unkept('greeting', 'Welcome ADA');
  await written();
  const erasing = erasingEvents(journal, { outbox }).erase('ada');
  clock.advance(50);
  await erasing;
  outbox.up();
  await emptied(outbox);
  expect(sent).toMatchObject([
    { type: 'granted', person: null, name: null, erased: true },
    { type: 'granted', person: 'grace', name: 'GRACE' },
  ]);
  expect(JSON.stringify(sent)).not.toMatch(/ada/i);
});

test('somebody who is erased while their page is being told is not named any more', async () => {
  const { outbox, journal, happens, written } = await gate();
  for (const id of ['grace', 'ada']) happens('granted', person(id));
  await written();
  broker = 'refuses';
  outbox.up();
  await until('the first was tried', () => tried === 1);
  const erasing = erasingEvents(journal, { outbox }).erase('ada');
  clock.advance(50);
  await erasing;
  broker = 'takes';
  await until('they are told', () => {
    clock.advance(1_000);
    return sent.length === 2;
  });
  expect(sent[1]).toMatchObject({ person: null, erased: true });
});

test('what the journal does not keep is told behind the entries of before it', async () => {
  const { outbox, happens, unkept, written } = await gate();
  happens('granted');
  unkept('greeting', 'Welcome');
  happens('door');
  await written();
  outbox.up();
  await emptied(outbox);
  expect(sent.map(({ type, id }) => [type, id])).toEqual([
    ['granted', 'north-life1-1'],
    ['greeting', 'north-life1-m1'],
    ['door', 'north-life1-2'],
  ]);
});

test('a disk that hangs keeps no event back, and what was told without it is not told again once it has the entry', async () => {
  const { outbox, happens, written } = await gate();
  outbox.up();
  happens('started');
  await written();
  await emptied(outbox);
  let go: () => void = () => undefined;
  const hangs = new Promise<void>((resolve) => (go = resolve));
  disk.before = (act) => (act === 'append' || act === 'sync' ? hangs : undefined);
  happens('granted');
  happens('fire');
  clock.advance(50);
  await turn();
  clock.advance(2_500);
  await until('both are told', () => sent.length === 3);
  expect(sent.slice(1).map(({ type, id }) => [type, id])).toEqual([
    ['fire', 'north-life1-m2'],
    ['granted', 'north-life1-m1'],
  ]);
  disk.before = () => undefined;
  go();
  await until('the journal goes on', () => {
    clock.advance(100);
    return saved.also.length === 2 || (saved.told?.n ?? 0) >= 3;
  });
  happens('refused');
  await written();
  await emptied(outbox);
  expect(sent.map(({ type }) => type)).toEqual(['started', 'fire', 'granted', 'refused']);
});

test('what waits in memory when the disk has the entry after all is told from the journal', async () => {
  const { outbox, happens } = await gate();
  let go: () => void = () => undefined;
  const hangs = new Promise<void>((resolve) => (go = resolve));
  disk.before = (act) => (act === 'append' ? hangs : undefined);
  happens('granted');
  clock.advance(50);
  await turn();
  clock.advance(2_500);
  await until('it waits', () => outbox.size === 1);
  disk.before = () => undefined;
  go();
  await turn();
  outbox.up();
  await emptied(outbox);
  expect(sent.map(({ id }) => id)).toEqual(['north-life1-1']);
});

test('a journal that cannot be read is told in the state; what is in memory goes on, and so do the others later', async () => {
  const { outbox, happens, unkept, written } = await gate();
  happens('granted');
  unkept('greeting', 'Welcome');
  await written();
  disk.before = (act) => {
    if (act === 'slice') throw new Error('the disk is broken');
  };
  outbox.up();
  await until('the greeting is told', () => sent.length === 1);
  expect(problem).toBe('events-unread: the disk is broken');
  disk.before = () => undefined;
  await until('the other one is told', () => {
    clock.advance(1_000);
    return sent.length === 2;
  });
  await until('the state is well again', () => problem === undefined);
});
