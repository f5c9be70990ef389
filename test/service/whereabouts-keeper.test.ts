import { expect, test } from 'vitest';
import { Calendar } from '../../src/access/calendar.js';
import type { PassbackRule } from '../../src/access/passback.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { type Kept, keptSchema, NOTHING_KEPT, WhereaboutsKeeper } from '../../src/service/whereabouts-keeper.js';
import { topicsOf } from '../../src/site/topics.js';

const HOUR = 60 * 60_000;
const RULE: PassbackRule = { mode: 'hard', direction: 'in', resetAt: [4 * 60] };

function keeper(
  change: {
    readonly rule?: Partial<PassbackRule>;
    readonly hasContact?: boolean;
    readonly found?: Kept;
    readonly clock?: ManualClock;
    readonly gate?: string;
  } = {},
) {
  const {
    rule,
    hasContact = false,
    found = NOTHING_KEPT,
    clock = new ManualClock(Date.UTC(2026, 10, 24, 8)),
    gate = 'in',
  } = change;
  let [kept, trusted] = [found, true];
  const told: unknown[] = [];
  const whereabouts = new WhereaboutsKeeper({
    rule: { ...RULE, ...rule },
    calendar: new Calendar('UTC'),
    gate,
    file: {
      found,
      save: (now) => {
        kept = keptSchema.parse(JSON.parse(JSON.stringify(now)));
      },
    },
    clock,
    clockTrusted: () => trusted,
    hasContact,
    pulseMs: 3000,
    told: {
      passed: (person) => void told.push(['passed', person]),
      misfit: (person, { refused }) => void told.push(['misfit', person, refused]),
    },
  });
  const records = whereabouts.records(topicsOf({ site: 'home', gate }));
  const distrust = () => {
    trusted = false;
  };
  return { whereabouts, records, clock, told, kept: () => kept, distrust };
}
const bytes = (text: string | undefined) => Buffer.from(text ?? '');

test('who is inside is refused, and let in again after the hour at which it is forgotten', () => {
  const { whereabouts, clock } = keeper();
  expect(whereabouts.refuses('ada')).toBe(false);
  whereabouts.letIn('ada');
  expect([whereabouts.refuses('ada'), whereabouts.refuses('bob')]).toEqual([true, false]);
  clock.advance(20 * HOUR - 1);
  expect(whereabouts.refuses('ada')).toBe(true);
  clock.advance(1);
  expect(whereabouts.refuses('ada')).toBe(false);
});

test('a clock that is not trusted forgets nobody', () => {
  const { whereabouts, clock, distrust, kept } = keeper();
  whereabouts.letIn('ada');
  distrust();
  clock.advance(48 * HOUR);
  whereabouts.purge();
  expect(whereabouts.refuses('ada')).toBe(true);
  expect(Object.keys(kept().passages)).toEqual(['ada']);
});

test('what is void is not kept', () => {
  const { whereabouts, clock, kept } = keeper();
  whereabouts.letIn('ada');
  clock.advance(20 * HOUR);
  whereabouts.purge();
  expect(kept().passages).toEqual({});
});

test('with a contact only who has gone through is inside', () => {
  const { whereabouts, told } = keeper({ hasContact: true });
  whereabouts.letIn('ada');
  expect(whereabouts.refuses('ada')).toBe(false);
  whereabouts.contact(true, 'pulse');
  expect(whereabouts.refuses('ada')).toBe(true);
  expect(told).toEqual([['passed', 'ada']]);
});

test('soft mode tells and refuses nobody; off remembers nobody, and counts all the same', () => {
  const soft = keeper({ rule: { mode: 'soft' } });
  soft.whereabouts.letIn('ada');
  soft.whereabouts.letIn('ada');
  expect(soft.whereabouts.refuses('ada')).toBe(false);
  expect(soft.told).toEqual([
    ['passed', 'ada'],
    ['misfit', 'ada', false],
    ['passed', 'ada'],
  ]);
  const off = keeper({ rule: { mode: 'off' } });
  off.whereabouts.letIn('ada');
  expect([off.whereabouts.refuses('ada'), off.whereabouts.counts.granted, off.kept().passages]).toEqual([false, 1, {}]);
});

test('a restart forgets neither people nor the count', () => {
  const { whereabouts, kept, clock } = keeper();
  whereabouts.letIn('ada');
  const again = keeper({ found: kept(), clock });
  expect(again.whereabouts.refuses('ada')).toBe(true);
  expect(again.whereabouts.counts).toEqual({ granted: 1, others: 0, free: 0 });
});

test('whoever goes out at another gate may come in here, and who is forgiven there may, too', async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 24, 8));
  const [inward, outward] = [keeper({ clock }), keeper({ clock, gate: 'out', rule: { direction: 'out' } })];
  const share = async (from: typeof inward, to: typeof inward) => {
    const heard = to.records.read('ada', bytes(from.records.text('ada')));
    return heard.kind === 'newer' ? to.records.merge('ada', heard.record) : heard.kind;
  };
  inward.whereabouts.letIn('ada');
  expect(await share(inward, outward)).toBe('taken');
  expect([inward.whereabouts.refuses('ada'), outward.whereabouts.refuses('ada')]).toEqual([true, false]);
  // The clock stands still: the order is that of versions.
  outward.whereabouts.letIn('ada');
  expect(await share(outward, inward)).toBe('taken');
  expect([inward.whereabouts.refuses('ada'), outward.whereabouts.refuses('ada')]).toEqual([false, true]);
  outward.whereabouts.forgive('ada');
  expect(await share(outward, inward)).toBe('taken');
  expect([inward.whereabouts.refuses('ada'), outward.whereabouts.refuses('ada')]).toEqual([false, false]);
  expect(await share(inward, outward)).toBe('same');
});

test.each([
  ['', 'empty'],
  ['{', 'invalid'],
  [JSON.stringify({ inside: true, since: 'yesterday', version: '1795507200000-0000-out' }), 'invalid'],
  [JSON.stringify({ inside: 'yes', since: '2026-11-24T08:00:00.000Z', version: '1795507200000-0000-out' }), 'invalid'],
  // Dated ahead it would outlive every reset.
  [JSON.stringify({ inside: true, since: '2099-01-01T00:00:00.000Z', version: '1795507200000-0000-out' }), 'invalid'],
  [' '.repeat(600), 'invalid'],
])('a record that is none is not taken: %.60s', (payload, kind) => {
  expect(keeper().records.read('ada', bytes(payload)).kind).toBe(kind);
});

test('records from the future or from before the last reset change nothing', async () => {
  const { records, whereabouts, clock } = keeper();
  const passage = (ms: number) => ({
    inside: true,
    since: new Date(ms).toISOString(),
    version: `${String(ms).padStart(13, '0')}-0000-out`,
  });
  const now = clock.wall();
  expect(await records.merge('ada', passage(now + 6 * 60_000))).toBe('future');
  expect(await records.merge('ada', passage(now - 5 * HOUR))).toBe('same');
  expect(whereabouts.refuses('ada')).toBe(false);
  expect(await records.merge('ada', passage(now - HOUR))).toBe('taken');
  expect(whereabouts.refuses('ada')).toBe(true);
  // What is seen here comes after whatever was heard.
  await records.merge('bob', passage(now + 60_000));
  whereabouts.letIn('ada');
  expect(String(records.version('ada')) > passage(now + 60_000).version).toBe(true);
});

test('without the broker the state says what is not known', () => {
  expect(keeper().whereabouts.problems(true)).toEqual([]);
  expect(keeper().whereabouts.problems(false).join()).toContain('anti-passback');
  expect(keeper({ rule: { mode: 'off' } }).whereabouts.problems(false)).toEqual([]);
});
