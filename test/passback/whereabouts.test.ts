import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { NO_PASSAGES, type PassagesDocument, passagesSchema } from '../../src/passback/passages-file.js';
import type { PassbackRule } from '../../src/passback/passback.js';
import { Whereabouts } from '../../src/passback/whereabouts.js';
import { PEOPLE_MAX } from '../../src/person/person.js';
import { Calendar } from '../../src/schedule/calendar.js';
import { passageRecords } from '../../src/site/sync/passage-records.js';
import { topicsOf } from '../../src/site/topics.js';
import { MemoryPeople, person, version } from '../site/sync/memory-people.js';

const HOUR = 60 * 60_000;
const RULE: PassbackRule = { mode: 'hard', direction: 'in', resetAt: [4 * 60] };

function keeper(
  change: {
    readonly rule?: Partial<PassbackRule>;
    readonly hasContact?: boolean;
    readonly found?: PassagesDocument;
    readonly clock?: ManualClock;
    readonly gate?: string;
    readonly people?: MemoryPeople;
  } = {},
) {
  const {
    rule,
    hasContact = false,
    found = NO_PASSAGES,
    clock = new ManualClock(Date.UTC(2026, 10, 24, 8)),
    gate = 'in',
    people = new MemoryPeople(),
  } = change;
  let saved = () => found;
  let trusted = true;
  const kept = () => passagesSchema.parse(JSON.parse(JSON.stringify(saved())));
  const reported: unknown[] = [];
  const whereabouts = new Whereabouts({
    rule: { ...RULE, ...rule },
    calendar: new Calendar('UTC'),
    gate,
    people,
    file: {
      found,
      save: (now) => {
        saved = now;
      },
      saveNow: async (now) => {
        saved = now;
      },
    },
    clock,
    trustedClock: {
      get trusted() {
        return trusted;
      },
    },
    hasContact,
    pulseMs: 3000,
    onPassed: (person) => void reported.push(['passed', person]),
    onViolation: (person, { refused }) => void reported.push(['violation', person, refused]),
  });
  const records = passageRecords(whereabouts, topicsOf({ site: 'home', gate }), clock);
  const trust = (to: boolean) => {
    trusted = to;
  };
  const distrust = () => trust(false);
  return { whereabouts, records, clock, reported, kept, trust, distrust, people };
}
const bytes = (text: string | undefined) => Buffer.from(text ?? '');

test('a person who is inside is refused, and let in again after the reset time', () => {
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

test('a passage from before the last reset is not kept', () => {
  const { whereabouts, clock, kept } = keeper();
  whereabouts.letIn('ada');
  clock.advance(20 * HOUR);
  whereabouts.purge();
  expect(kept().passages).toEqual({});
});

test('with a contact only a person who has gone through is inside', () => {
  const { whereabouts, reported } = keeper({ hasContact: true });
  whereabouts.letIn('ada');
  expect(whereabouts.refuses('ada')).toBe(false);
  whereabouts.contact(true, 'pulse');
  expect(whereabouts.refuses('ada')).toBe(true);
  expect(reported).toEqual([['passed', 'ada']]);
});

test('soft mode reports and refuses nobody; off remembers nobody, and still counts passages', () => {
  const soft = keeper({ rule: { mode: 'soft' } });
  soft.whereabouts.letIn('ada');
  soft.whereabouts.letIn('ada');
  expect(soft.whereabouts.refuses('ada')).toBe(false);
  expect(soft.reported).toEqual([
    ['passed', 'ada'],
    ['violation', 'ada', false],
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

test('a person who goes out at another gate may come in here, and so may one who is forgiven there', async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 24, 8));
  const [inward, outward] = [keeper({ clock }), keeper({ clock, gate: 'out', rule: { direction: 'out' } })];
  const share = async (from: typeof inward, to: typeof inward) => {
    const received = to.records.read('ada', bytes(from.records.text('ada')));
    return received.kind === 'newer' ? to.records.merge('ada', received.record) : received.kind;
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

test('in a fire nobody is followed, and afterwards everybody may come in again, at every gate', () => {
  const { whereabouts, records, reported } = keeper({ hasContact: true });
  const passes = (id: string) => {
    whereabouts.letIn(id);
    whereabouts.contact(true, 'pulse');
    whereabouts.contact(false, 'pulse');
  };
  for (const id of ['ada', 'bob']) passes(id);
  whereabouts.letIn('eve');
  const offered: string[] = [];
  records.onLocal((id) => offered.push(id));
  whereabouts.fire(true);
  passes('ada');
  whereabouts.fire(false);
  expect([whereabouts.refuses('ada'), whereabouts.refuses('bob'), offered]).toEqual([false, false, ['ada', 'bob']]);
  expect(whereabouts.counts).toEqual({ granted: 2, others: 0, free: 1 });
  expect(reported).toEqual([
    ['passed', 'ada'],
    ['passed', 'bob'],
  ]);
  passes('ada');
  expect(whereabouts.refuses('ada')).toBe(true);
});

describe('a clock that is not trusted', () => {
  const at = (text: string) => new ManualClock(Date.parse(text));

  test('and ahead spoils no version: what other gates see afterwards is newer', async () => {
    const clock = at('2040-01-01T00:00:00Z');
    const { whereabouts, records, distrust } = keeper({ clock });
    distrust();
    whereabouts.letIn('ada');
    expect(whereabouts.refuses('ada')).toBe(true);
    const now = Date.UTC(2026, 10, 24, 8);
    clock.jumpWall(now - clock.wall());
    const out = { inside: false, since: new Date(now).toISOString(), version: `${now}-0000-out` };
    expect(await records.merge('ada', out)).toBe('taken');
    expect(whereabouts.refuses('ada')).toBe(false);
  });

  test('and behind dates what was seen once it is set right: no reset forgets it too early', () => {
    const clock = at('2026-11-23T01:00:00Z');
    const { whereabouts, records, distrust, trust, kept } = keeper({ clock });
    distrust();
    whereabouts.letIn('ada');
    const before = records.stamp('ada');
    const offered: string[] = [];
    records.onLocal((id) => offered.push(id));
    clock.advance(HOUR);
    clock.jumpWall(Date.UTC(2026, 10, 24, 8) - clock.wall());
    trust(true);
    whereabouts.purge();
    expect([whereabouts.refuses('ada'), offered]).toEqual([true, ['ada']]);
    expect(kept().passages['ada']?.since).toBe('2026-11-24T07:00:00.000Z');
    expect(String(records.stamp('ada')) > String(before)).toBe(true);
    whereabouts.purge();
    expect(offered).toEqual(['ada']);
  });

  describe('and a gate that was cut off from the others', () => {
    /** Ada goes in here at eight; `hours` says what else is seen until the clock is trusted. */
    async function day(
      hours: (
        other: (hoursAfter: number, inside: boolean) => Promise<unknown>,
        wait: (h: number) => void,
        here: () => void,
      ) => Promise<void>,
    ) {
      const { whereabouts, records, distrust, trust, clock } = keeper();
      const start = clock.wall();
      distrust();
      whereabouts.letIn('ada');
      await hours(
        (h, inside) => {
          const ms = start + h * HOUR;
          return records.merge('ada', { inside, since: new Date(ms).toISOString(), version: `${ms}-0000-out` });
        },
        (h) => clock.advance(h * HOUR),
        () => whereabouts.letIn('ada'),
      );
      trust(true);
      whereabouts.purge();
      return { refused: whereabouts.refuses('ada'), since: JSON.parse(String(records.text('ada'))).since, start };
    }

    test('gives way to what was seen elsewhere later, whenever it learns of it', async () => {
      const before = await day(async (other, wait) => {
        wait(3);
        await other(2, false);
        wait(1);
      });
      expect(before.refused).toBe(false);
      // The clock is trusted first, then the other gate's record arrives.
      const { whereabouts, records, distrust, trust, clock } = keeper();
      distrust();
      whereabouts.letIn('ada');
      const ms = clock.wall() + 2 * HOUR;
      clock.advance(5 * HOUR);
      trust(true);
      whereabouts.purge();
      const out = { inside: false, since: new Date(ms).toISOString(), version: `${ms}-0000-out` };
      expect(await records.merge('ada', out)).toBe('taken');
    });

    test('keeps what it saw later itself', async () => {
      const { refused, since, start } = await day(async (other, wait, here) => {
        wait(3);
        here();
        await other(2, false);
        wait(1);
      });
      expect([refused, since]).toEqual([true, new Date(start + 3 * HOUR).toISOString()]);
    });
  });

  test('for a moment only, between two checks, still dates what was seen', () => {
    const since = '2026-11-23T12:00:00.000Z';
    const bob = { inside: true, since, version: `${Date.parse(since)}-0000-in` };
    const { whereabouts, distrust, trust, kept, clock } = keeper({ found: { ...NO_PASSAGES, passages: { bob } } });
    whereabouts.purge();
    distrust();
    whereabouts.letIn('ada');
    trust(true);
    whereabouts.purge();
    expect(whereabouts.refuses('ada')).toBe(true);
    expect(kept().passages['ada']?.since).toBe(new Date(clock.wall()).toISOString());
  });

  test('and a fire forgives the people seen meanwhile, even if another gate had forgiven them since', async () => {
    const { whereabouts, records, distrust, trust, clock } = keeper();
    distrust();
    whereabouts.letIn('ada');
    const now = clock.wall();
    await records.merge('ada', { inside: null, since: new Date(now).toISOString(), version: `${now}-0000-out` });
    clock.advance(HOUR);
    whereabouts.fire(true);
    whereabouts.fire(false);
    trust(true);
    whereabouts.purge();
    expect(whereabouts.refuses('ada')).toBe(false);
  });
});

describe('a clock that was ahead', () => {
  const DAYS = 400 * 24 * HOUR;

  test('while it was trusted shuts nobody out once it is set right', async () => {
    const { whereabouts, records, clock } = keeper({ rule: { resetAt: [] } });
    clock.jumpWall(DAYS);
    for (const id of ['ada', 'bob']) whereabouts.letIn(id);
    clock.jumpWall(-DAYS);
    whereabouts.purge();
    expect([whereabouts.refuses('ada'), whereabouts.refuses('bob')]).toEqual([false, false]);
    whereabouts.letIn('ada');
    expect(whereabouts.refuses('ada')).toBe(true);
    clock.advance(HOUR);
    const now = clock.wall();
    const out = { inside: false, since: new Date(now).toISOString(), version: `${now}-0000-out` };
    expect(records.read('ada', bytes(JSON.stringify(out))).kind).toBe('newer');
    expect(await records.merge('ada', out)).toBe('taken');
    expect(records.read('bob', bytes(JSON.stringify(out))).kind).toBe('newer');
    expect(await records.merge('bob', out)).toBe('taken');
    expect([whereabouts.refuses('ada'), whereabouts.refuses('bob')]).toEqual([false, false]);
  });

  test('before a restart does not affect the versions of what is seen after it', () => {
    const ahead = { inside: true, since: '2040-01-01T00:00:00.000Z', version: '2208988800000-0000-in' };
    const { whereabouts, records } = keeper({ found: { ...NO_PASSAGES, passages: { ada: ahead } } });
    whereabouts.purge();
    expect([whereabouts.refuses('ada'), records.stamp('ada'), records.text('ada')]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    for (const id of ['ada', 'bob']) whereabouts.letIn(id);
    for (const id of ['ada', 'bob']) expect(String(records.stamp(id)) < ahead.version).toBe(true);
  });

  test('or is behind for a minute forgets nobody for good', () => {
    const { whereabouts, clock } = keeper();
    whereabouts.letIn('ada');
    clock.jumpWall(-10 * 60_000);
    whereabouts.purge();
    clock.jumpWall(10 * 60_000);
    expect(whereabouts.refuses('ada')).toBe(true);
  });
});

test('what is seen here gets a newer version than anything received, even than passages that count for nothing', async () => {
  const { whereabouts, records, clock } = keeper();
  const ahead = `${clock.wall() + 60_000}-0000-out`;
  const forgotten = { inside: true, since: new Date(clock.wall() - 5 * HOUR).toISOString(), version: ahead };
  expect(await records.merge('ada', forgotten)).toBe('same');
  whereabouts.letIn('ada');
  expect(String(records.stamp('ada')) > ahead).toBe(true);
});

describe('a person who was removed', () => {
  const removed = (people: MemoryPeople, id: string) => {
    people.put(person(id, version(1)));
    people.remove(id, version(2));
  };

  test('leaves nothing behind, whichever gate removed them', async () => {
    const { whereabouts, people, kept, records } = keeper();
    people.put(person('ada', version(1)));
    whereabouts.letIn('ada');
    const offered: string[] = [];
    records.onLocal((id) => offered.push(id));
    await people.merge({ id: 'ada', removed: true, version: version(2) });
    expect([kept().passages, records.stamp('ada'), records.isGone('ada', ''), offered]).toEqual([
      {},
      undefined,
      true,
      ['ada'],
    ]);
  });

  test('is not recorded any more: neither by the door, nor by other gates, nor by the file', async () => {
    const people = new MemoryPeople();
    removed(people, 'ada');
    const passage = { inside: true, since: '2026-11-24T07:59:00.000Z', version: '1795507140000-0000-out' };
    const found = { ...NO_PASSAGES, passages: { ada: passage } };
    const { whereabouts, records, reported, kept } = keeper({ people, found });
    expect(kept().passages).toEqual({});
    expect([...records.ids()]).toEqual([]);
    expect(await records.merge('ada', passage)).toBe('same');
    whereabouts.letIn('ada');
    expect([[...records.ids()], reported]).toEqual([[], [['passed', 'ada']]]);
    expect(kept().passages).toEqual({});
  });

  test('and enrolled again starts with nothing known', () => {
    const { whereabouts, people, kept } = keeper();
    people.put(person('ada', version(1)));
    whereabouts.letIn('ada');
    people.remove('ada', version(2));
    people.put(person('ada', version(3)));
    expect(whereabouts.refuses('ada')).toBe(false);
    whereabouts.letIn('ada');
    expect(Object.keys(kept().passages)).toEqual(['ada']);
  });
});

test('a flood of unknown ids pushes out nobody who is enrolled', async () => {
  const { records, people, whereabouts, clock } = keeper();
  for (const id of ['ada', 'bob']) people.put(person(id, version(1)));
  const now = clock.wall();
  const passage = { inside: true, since: new Date(now).toISOString(), version: `${now}-0000-out` };
  await records.merge('ada', passage);
  for (let i = 1; i < PEOPLE_MAX; i++) await records.merge(`nobody-${i}`, passage);
  await expect(records.merge('mallory', passage)).rejects.toThrow('nobody of the id "mallory" is enrolled');
  expect(await records.merge('bob', passage)).toBe('taken');
  expect([whereabouts.refuses('ada'), whereabouts.refuses('bob')]).toEqual([true, true]);
  expect([...records.ids()].sort()).toEqual(['ada', 'bob']);
});

test.each([
  ['', 'empty'],
  ['{', 'invalid'],
  [JSON.stringify({ inside: true, since: 'yesterday', version: '1795507200000-0000-out' }), 'invalid'],
  [JSON.stringify({ inside: 'yes', since: '2026-11-24T08:00:00.000Z', version: '1795507200000-0000-out' }), 'invalid'],
  // Dated in the future it would survive every reset.
  [JSON.stringify({ inside: true, since: '2099-01-01T00:00:00.000Z', version: '1795507200000-0000-out' }), 'invalid'],
  [' '.repeat(600), 'invalid'],
])('an invalid record is not taken: %.60s', (payload, kind) => {
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
  // What is seen here gets a newer version than anything received.
  await records.merge('bob', passage(now + 60_000));
  whereabouts.letIn('ada');
  expect(String(records.stamp('ada')) > passage(now + 60_000).version).toBe(true);
});

test('without the broker the state says what is not known', () => {
  expect(keeper().whereabouts.problems(true)).toEqual([]);
  expect(keeper().whereabouts.problems(false).join()).toContain('anti-passback');
  expect(keeper({ rule: { mode: 'off' } }).whereabouts.problems(false)).toEqual([]);
});
