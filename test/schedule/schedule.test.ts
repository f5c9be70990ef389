import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';
import { datesOf, spanOf, weekdaysOf } from '../../src/config/sections/access-times.js';
import { wallMs } from '../../src/kit/clock.js';
import { Calendar } from '../../src/schedule/calendar.js';
import { type Hours, isOpen, nextChange } from '../../src/schedule/hours.js';
import { compare } from './year.js';

const DAY_MS = 86_400_000;
const at = (text: string) => wallMs(Date.parse(text));
const berlin = new Calendar('Europe/Berlin');

describe('hours agree with days painted by luxon, minute by minute', () => {
  test.each([
    ['Europe/Berlin', '2026-03-28'],
    ['Europe/Berlin', '2026-10-24'],
    ['America/New_York', '2026-03-07'],
    ['America/New_York', '2026-10-31'],
    ['America/New_York', '2025-12-31'],
    ['Australia/Lord_Howe', '2026-04-04'],
    ['Asia/Kathmandu', '2026-12-24'],
    // Clocks were put back one minute after midnight, so that a date came twice.
    ['America/St_Johns', '2010-11-06'],
  ])('%s from %s on', (zone, date) => {
    const from = Date.parse(`${date}T00:00:00Z`);
    const result = compare(zone, from, from + 2.5 * DAY_MS);
    expect(result.disagreements).toEqual([]);
    expect(result.changes).toBeGreaterThan(10);
  });
});

describe('the local time', () => {
  const zones = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
    'Pacific/Apia',
    'Africa/Casablanca',
    'Asia/Tehran',
    'UTC',
  );

  test('is what luxon computes, at any second of a century, and its moment is found again from it', () => {
    const calendars = new Map<string, Calendar>();
    const seconds = fc.integer({ min: 0, max: Date.UTC(2070, 0) / 1000 });
    fc.assert(
      fc.property(zones, seconds, (zone, second) => {
        const calendar = calendars.get(zone) ?? new Calendar(zone);
        calendars.set(zone, calendar);
        const ms = wallMs(second * 1000);
        const { day, minute } = calendar.local(ms);
        const shown = DateTime.fromMillis(ms, { zone });
        expect(new Date(day * DAY_MS).toISOString().slice(0, 10)).toBe(shown.toISODate());
        expect(minute).toBe(shown.hour * 60 + shown.minute);
        const began = ms - (second % 60) * 1000;
        expect(calendar.instants(day, minute)).toContain(began);
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, string, string[]]>([
    ['once on an ordinary day', '2026-06-01T02:30', ['2026-06-01T00:30:00.000Z']],
    ['never where the clock is put forward', '2026-03-29T02:30', []],
    ['twice where it is put back', '2026-10-25T02:30', ['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']],
  ])('half past two comes %s', (_how, local, instants) => {
    const day = Date.parse(`${local.slice(0, 10)}T00:00:00Z`) / DAY_MS;
    expect(berlin.instants(day, 150).map((ms) => new Date(ms).toISOString())).toEqual(instants);
  });

  test('a time that is left out is reached at the end of the gap', () => {
    const day = Date.parse('2026-03-29T00:00:00Z') / DAY_MS;
    expect(new Date(berlin.reach(day, 150)).toISOString()).toBe('2026-03-29T01:00:00.000Z');
    expect(new Date(berlin.reach(day, 180)).toISOString()).toBe('2026-03-29T01:00:00.000Z');
  });

  test('of an unknown time zone is refused', () => {
    expect(() => new Calendar('Europe/Atlantis')).toThrow(RangeError);
  });
});

describe('a schedule', () => {
  const hours = (given: Partial<Hours>): Hours => ({
    kind: 'hours',
    weekly: Array.from({ length: 7 }, () => []),
    onHolidays: [],
    holidays: [],
    exceptions: [],
    ...given,
  });
  const night = { from: '22:00', to: '06:00' };
  const friday = hours({ weekly: [[], [], [], [], [spanOf(night)], [], []] });
  const dates = (date: string) => {
    const found = datesOf({ date, until: null });
    if (typeof found === 'string') throw new Error(found);
    return found;
  };

  test.each<[string, Hours, string, boolean]>([
    ['opens with its first minute', friday, '2026-06-05T20:00:00Z', true],
    ['is closed just before', friday, '2026-06-05T19:59:59.999Z', false],
    ['goes on past midnight', friday, '2026-06-06T03:59:59Z', true],
    ['closes with its last minute', friday, '2026-06-06T04:00:00Z', false],
    ['does not begin on a holiday', { ...friday, holidays: [dates('06-05')] }, '2026-06-05T21:00:00Z', false],
    ['runs its course into a holiday', { ...friday, holidays: [dates('06-06')] }, '2026-06-06T01:00:00Z', true],
    [
      'begins on a holiday that is a day like others',
      { ...friday, onHolidays: null, holidays: [dates('06-05')] },
      '2026-06-05T21:00:00Z',
      true,
    ],
    [
      'keeps the hours of holidays',
      { ...friday, onHolidays: [spanOf({ from: '10:00', to: '12:00' })], holidays: [dates('06-05')] },
      '2026-06-05T08:00:00Z',
      true,
    ],
    [
      'puts an exception above a holiday',
      { ...friday, holidays: [dates('06-05')], exceptions: [{ dates: dates('2026-06-05'), spans: [spanOf(night)] }] },
      '2026-06-05T21:00:00Z',
      true,
    ],
  ])('%s', (_rule, schedule, time, open) => expect(isOpen(schedule, at(time), berlin)).toBe(open));

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 9e15])('is closed at %s, which is no valid time', (ms) => {
    expect(isOpen(friday, wallMs(ms), berlin)).toBe(false);
    expect(nextChange(friday, wallMs(ms), berlin)).toBeUndefined();
  });

  test('that is always or never open does not depend on the time', () => {
    expect(isOpen({ kind: 'always' }, wallMs(Number.NaN), berlin)).toBe(true);
    expect(isOpen({ kind: 'never' }, at('2026-06-05T20:00:00Z'), berlin)).toBe(false);
  });

  test('whatever its hours: nothing changes before the next change, and something does then', () => {
    const span = fc
      .tuple(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 1, max: 1440 }))
      .map(([from, long]) => ({ from, to: from + long }));
    const weekly = fc.array(fc.array(span, { maxLength: 2 }), { minLength: 7, maxLength: 7 });
    const start = fc.integer({ min: Date.UTC(2026, 2, 20), max: Date.UTC(2026, 3, 5) });
    fc.assert(
      fc.property(weekly, start, fc.double({ min: 0, max: 1, noNaN: true }), (week, ms, share) => {
        const schedule = hours({ weekly: week });
        const now = isOpen(schedule, wallMs(ms), berlin);
        const next = nextChange(schedule, wallMs(ms), berlin);
        const end = next ?? ms + 8 * DAY_MS;
        if (next !== undefined) {
          expect(isOpen(schedule, next, berlin)).toBe(!now);
          expect(isOpen(schedule, wallMs(next - 1), berlin)).toBe(now);
        }
        expect(isOpen(schedule, wallMs(Math.floor(ms + (end - 1 - ms) * share)), berlin)).toBe(now);
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  ['mon-fri', [0, 1, 2, 3, 4]],
  ['fri-mon', [4, 5, 6, 0]],
  [
    ['wed', 'sat-sun'],
    [2, 5, 6],
  ],
])('%s are these days of the week', (days, numbers) => expect(weekdaysOf(days)).toEqual(numbers));
