import { expect, test } from 'vitest';
import { DoorKeeper } from '../../../src/door/door-keeper.js';
import { SimulatedLock } from '../../../src/door/simulated-lock.js';
import { doorRequests } from '../../../src/gate/door-requests.js';
import { budgeted } from '../../../src/journal/chatter/budgeted.js';
import { AT_ONCE, ChatterBudget, chatterOf, ONE_IN_MS } from '../../../src/journal/chatter/chatter.js';
import type { JournalInput, JournalWriter } from '../../../src/journal/writer.js';
import { monotonicMs } from '../../../src/kit/clock.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { JournalThenSite } from '../../../src/report/journal-then-site.js';
import { Reporter } from '../../../src/report/reporter.js';
import { RULE } from '../../door/given.js';
import { entriesOf, expectWhole, openJournal, turn } from '../harness.js';
import { MemoryDisk } from '../memory-disk.js';

const MB = 1024 * 1024;
const JUNK = 100_000;
const DAYS = 3;

/** A gate's journal of 2 MB with 500 decisions and an alarm, and then three days of requests that open and lock nothing, and a loose camera. */
async function flooded(wrap: (journal: JournalWriter, clock: ManualClock) => JournalWriter) {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const own = await openJournal(disk, clock, {
    segmentBytes: MB / 4,
    policy: { maxAgeMs: 90 * 86_400_000, maxBytes: 2 * MB },
  });
  const journal = wrap(own, clock);
  const write = async (): Promise<void> => {
    clock.advance(50);
    for (let i = 0; i < 4; i++) await turn();
  };
  for (let i = 0; i < 500; i++) {
    void journal.append({
      type: i % 50 === 0 ? 'forced' : 'granted',
      fields: { i },
      personal: { person: 'ada', name: 'Ada' },
    });
    if (i % 50 === 49) await write();
  }
  const door = new DoorKeeper(new SimulatedLock(clock), clock, silentLog, RULE, () => undefined);
  const reporter = new Reporter({
    log: silentLog,
    names: false,
    journalThenSite: new JournalThenSite(journal, () => undefined, silentLog),
    clock,
    publish: () => undefined,
  });
  const requests = doorRequests(door, { ordered: () => Promise.resolve() }, reporter);
  requests.setMode('locked', 'office', undefined);
  await write();
  for (let i = 0; i < JUNK; i++) {
    if (i % 4 === 0) requests.open('nobody', 'junk '.repeat(30));
    else if (i % 4 === 1) requests.lock('nobody', undefined);
    else if (i % 4 === 2) requests.setMode('locked', 'nobody', undefined);
    else void journal.append({ type: 'camera', fields: { state: i % 8 === 3 ? 'lost' : 'live', why: null } });
    if (i % 50 === 0) {
      clock.advance((DAYS * 86_400_000 * 50) / JUNK);
      await write();
    }
  }
  await journal.close();
  return { disk, entries: (await entriesOf(disk)).map(({ entry }) => entry) };
}
const kept = (entries: readonly { readonly type: string }[]) =>
  entries.filter(({ type }) => type === 'granted' || type === 'forced').length;

test('100,000 requests and reports that change nothing leave every entry that matters, are counted to the last, and the chain is whole', async () => {
  const { disk, entries } = await flooded(budgeted);
  expect(kept(entries)).toBe(500);
  expect(entries.filter(({ type, fields }) => type === 'mode-asked' && fields['moved'] === true)).toHaveLength(1);
  const single = entries.filter(({ type, fields }) => chatterOf({ type, fields }) !== undefined).length;
  const counted = entries
    .filter(({ type }) => type === 'left-out')
    .flatMap(({ fields }) => fields['counts'] as number[])
    .reduce((sum, count) => sum + count, 0);
  expect(single + counted).toBe(JUNK);
  const days = DAYS + 1;
  expect(single).toBeLessThanOrEqual(4 * (AT_ONCE + (days * 86_400_000) / ONE_IN_MS));
  expect((await expectWhole(disk)).notes.purges).toBe(0);
});

test('without the budget the same flood purges them', async () => {
  const { entries } = await flooded((journal) => journal);
  expect(kept(entries)).toBe(0);
}, 120_000);

test.each<[string, JournalInput, string | undefined]>([
  ['a decision', { type: 'refused' }, undefined],
  ['an alarm', { type: 'tamper' }, undefined],
  ['a signed request that was refused', { type: 'request-refused', fields: { again: false } }, 'request-refused'],
  ['one that was sent again', { type: 'request-refused', fields: { again: true } }, 'request-refused-again'],
  [
    'one of a revoked key',
    { type: 'request-refused', fields: { again: false, code: 'bad-signature' } },
    'request-refused-bad-signature',
  ],
  [
    'one without the role',
    { type: 'request-refused', fields: { again: false, code: 'not-allowed' } },
    'request-refused-not-allowed',
  ],
  ['one that found no room', { type: 'request-refused', fields: { again: false, code: 'busy' } }, 'request-refused'],
  [
    'one of a revoked key, sent again',
    { type: 'request-refused', fields: { again: true, code: 'bad-signature' } },
    'request-refused-again',
  ],
  ['people that were set aside', { type: 'people-set-aside' }, undefined],
  ['a request that opened', { type: 'opened', fields: { opened: true } }, undefined],
  ['one that did not', { type: 'opened', fields: { opened: false } }, 'opened'],
  ['a lock that locked', { type: 'lock-asked', fields: { done: true, moved: true } }, undefined],
  ['a lock at a locked door', { type: 'lock-asked', fields: { done: true, moved: false } }, 'lock-asked'],
  ['a mode that it has', { type: 'mode-asked', fields: { mode: 'normal', moved: false } }, 'mode-asked'],
  ['the camera', { type: 'camera' }, 'camera'],
  ['the eye', { type: 'eye' }, 'eye'],
  ['what this file does not know', { type: 'comet' }, undefined],
])('%s', (_, input, kind) => {
  expect(chatterOf(input)).toBe(kind);
});

test('what an import was refused for want of room hides no key that was revoked or has not the role', () => {
  const budget = new ChatterBudget();
  const keeps = (code: string) =>
    budget.take(
      chatterOf({ type: 'request-refused', fields: { verb: 'enroll', code, again: false } }) ?? '',
      monotonicMs(0),
    );
  for (const code of ['busy', 'expired', 'bad-request', 'retained']) for (let n = 0; n < 1_000; n++) keeps(code);
  expect(['busy', 'bad-signature', 'not-allowed'].map(keeps)).toEqual([false, true, true]);
  for (let n = 0; n < 1_000; n++) keeps('not-allowed');
  expect(['not-allowed', 'bad-signature'].map(keeps)).toEqual([false, true]);
});

test('after a flood one is kept in ten minutes, and a quiet time fills the budget again', () => {
  const budget = new ChatterBudget();
  const takes = (ms: number, times: number) =>
    Array.from({ length: times }, () => budget.take('camera', monotonicMs(ms))).filter(Boolean).length;
  expect(takes(0, 100)).toBe(AT_ONCE);
  expect(takes(ONE_IN_MS - 1, 10)).toBe(0);
  expect(takes(ONE_IN_MS, 10)).toBe(1);
  expect(takes(3 * ONE_IN_MS, 10)).toBe(2);
  expect(takes(1_000 * ONE_IN_MS, 100)).toBe(AT_ONCE);
  expect(budget.leftOut()).toEqual({ types: ['camera'], counts: [70 + 10 + 9 + 8 + 70] });
  expect(budget.leftOut()).toBeUndefined();
});
