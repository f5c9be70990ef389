import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dependsOnTime, whyNotNow } from '../../src/access/groups.js';
import { type Rules, rulesOf } from '../../src/access/rules.js';
import { UNKNOWN_GROUPS_MAX, unknownGroups } from '../../src/access/unknown-groups.js';
import { wallMs } from '../../src/kit/clock.js';
import { Calendar } from '../../src/schedule/calendar.js';
import { modeAt, nextMode, type PlannedMode, planMoved } from '../../src/schedule/planned-modes.js';
import { given } from '../config/given.js';

const at = (text: string) => wallMs(Date.parse(text));
const rules = (text: string): Rules => rulesOf(given(text).config.access);

const SITE = `
access:
  timeZone: Europe/Berlin
  schedules:
    office:
      windows: [{days: mon-fri, from: 07:00, to: 18:30}]
      exceptions: [{date: 2026-06-03, closed: true}]
    cleaning:
      windows: [{days: mon-fri, from: 22:00, to: 02:00}]
  holidays: [{date: 05-01}]
  groups: {staff: [office], cleaners: [cleaning], guards: [always], banned: [never], default: [office]}
`;
/** A Tuesday, ten o'clock in Berlin. */
const WORKING = '2026-06-02T08:00:00Z';
const NIGHT = '2026-06-02T21:00:00Z';

const person = (groups: string[], validFrom: string | null = null, validUntil: string | null = null) => ({
  groups,
  validFrom,
  validUntil,
});

describe('who may enter when', () => {
  const { access } = rules(SITE);
  test.each([
    ['staff may enter in office hours', ['staff'], WORKING, undefined],
    ['staff may not enter at night', ['staff'], NIGHT, 'no-access-now'],
    ['staff may not enter on a date that the schedule excepts', ['staff'], '2026-06-03T08:00:00Z', 'no-access-now'],
    ['staff may not enter on a holiday', ['staff'], '2026-05-01T08:00:00Z', 'no-access-now'],
    [
      'cleaners may enter after midnight, in hours that began the day before',
      ['cleaners'],
      '2026-06-02T23:30:00Z',
      undefined,
    ],
    ['a person of two groups may enter in the hours of either', ['staff', 'cleaners'], NIGHT, undefined],
    ['guards may enter at any time', ['guards'], NIGHT, undefined],
    ['a banned person may never enter', ['banned'], WORKING, 'no-access-now'],
    ['people without groups may enter when the default group may', [], WORKING, undefined],
    ['people without groups may not enter at night', [], NIGHT, 'no-access-now'],
    ['an unknown group opens nothing', ['saff'], WORKING, 'no-access-now'],
    ['a known group opens although an unknown one stands beside it', ['saff', 'guards'], NIGHT, undefined],
  ])('%s', (_who, groups, time, reason) => {
    expect(whyNotNow(person(groups), at(time), access, true)).toBe(reason);
  });

  test('dates are checked before hours', () => {
    const guest = person(['staff'], '2026-06-02T00:00:00Z', '2026-06-03T00:00:00Z');
    expect(whyNotNow(guest, at('2026-06-01T08:00:00Z'), access, true)).toBe('not-valid-yet');
    expect(whyNotNow(guest, at(WORKING), access, true)).toBeUndefined();
    expect(whyNotNow(guest, at('2026-06-03T00:00:00Z'), access, true)).toBe('expired');
  });

  test('where the configuration has no groups everybody may enter, whatever their groups', () => {
    const { access: open } = rules('');
    expect(whyNotNow(person(['staff']), at(NIGHT), open, false)).toBeUndefined();
    expect(unknownGroups([person(['staff'])], open).size).toBe(0);
  });

  test('people without groups may not enter where the configuration has groups and none is called default', () => {
    const { access: strict } = rules('access: {groups: {guards: [always]}}');
    expect(whyNotNow(person([]), at(WORKING), strict, true)).toBe('no-access-now');
  });

  test('people of groups that the configuration does not have are counted, for a limited number of groups', () => {
    const people = [person(['staff', 'saff']), person(['saff', 'saff']), person(['gards'])];
    expect([...unknownGroups(people, access)]).toEqual([
      ['saff', 2],
      ['gards', 1],
    ]);
    const many = Array.from({ length: 100 }, (_, n) => person([`group-${n}`]));
    expect(unknownGroups(many, access).size).toBe(UNKNOWN_GROUPS_MAX);
  });
});

describe('with a clock that is not trusted', () => {
  const { access } = rules(SITE);
  test.each([
    ['hours do not open', person(['staff']), 'clock'],
    [
      'dates do not open, even for a person who may come at any hour',
      person(['guards'], '2020-01-01T00:00:00Z'),
      'clock',
    ],
    ['an end that is far away does not open', person(['guards'], null, '2099-01-01T00:00:00Z'), 'clock'],
    ['a person who may come at any time is let in', person(['guards']), undefined],
    ['a person who may never come is still refused for that', person(['banned']), 'no-access-now'],
  ])('%s', (_what, who, reason) => expect(whyNotNow(who, at(WORKING), access, false)).toBe(reason));

  test('nobody is let in by face where the door has hours in which it is locked', () => {
    const locked = rules(`${SITE}  doorModes: [{mode: locked, schedule: cleaning}]`);
    expect(whyNotNow(person(['guards']), at(WORKING), locked.access, false)).toBe('clock');
    expect(whyNotNow(person(['guards']), at(WORKING), locked.access, true)).toBeUndefined();
  });

  test('people who are let in would be let in at any time of the clock', () => {
    const dates = fc.option(
      fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString()),
      { nil: null },
    );
    const groups = fc.subarray(['staff', 'cleaners', 'guards', 'banned', 'unknown']);
    fc.assert(
      fc.property(groups, dates, dates, fc.integer({ min: 0, max: 4e12 }), (names, from, until, ms) => {
        const who = person(names, from, until);
        if (whyNotNow(who, wallMs(ms), access, false) !== undefined) return;
        expect(dependsOnTime(who, access)).toBe(false);
        for (const time of [0, 1e12, 2e12, 4e12, Number.NaN])
          expect(whyNotNow(who, wallMs(time), access, true)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

describe('the mode of the door by schedule', () => {
  const { doorModes: plan, calendar } = rules(`
access:
  timeZone: Europe/Berlin
  schedules:
    reception: {windows: [{days: mon-fri, from: 08:00, to: 17:00}], holidays: [{from: 10:00, to: 23:00}]}
    night: {windows: [{days: mon-sun, from: 22:00, to: 06:00}], holidaysLikeWeekdays: true}
  holidays: [{date: 05-01}]
  doorModes: [{mode: open-house, schedule: reception}, {mode: locked, schedule: night}]
`);
  const [open, shut, evening] = ['2026-06-02T08:00:00Z', '2026-06-02T21:00:00Z', '2026-06-02T16:00:00Z'].map(at) as [
    ReturnType<typeof at>,
    ReturnType<typeof at>,
    ReturnType<typeof at>,
  ];

  test('follows the hours; locked wins where a holiday makes two schedules overlap', () => {
    expect([open, shut, evening].map((time) => modeAt(plan, time, calendar))).toEqual([
      'open-house',
      'locked',
      'normal',
    ]);
    expect(modeAt(plan, at('2026-05-01T20:30:00Z'), calendar)).toBe('locked');
  });

  test.each<[string, string, string, boolean]>([
    ['has not changed within one window', '2026-06-02T07:00:00Z', '2026-06-02T14:59:59Z', false],
    ['has changed over the end of a window', '2026-06-02T14:59:59Z', '2026-06-02T15:00:00Z', true],
    ['has changed over a night, although back to the same mode', '2026-06-02T08:00:00Z', '2026-06-03T08:00:00Z', true],
    ['has not changed in no time at all', '2026-06-02T08:00:00Z', '2026-06-02T08:00:00Z', false],
    ['has not changed when the time went backwards', '2026-06-03T08:00:00Z', '2026-06-02T08:00:00Z', false],
  ])('%s', (_over, since, now, moved) => {
    expect(planMoved(plan, at(since), at(now), calendar)).toBe(moved);
  });

  test('has not changed in weeks of closed days, and its next change is found', () => {
    const { doorModes: office, calendar: utc } = rules(`
access:
  timeZone: UTC
  schedules:
    office:
      windows: [{days: mon-fri, from: 08:00, to: 17:00}]
      exceptions: [{date: 2026-11-01, until: 2026-12-31, closed: true}, {date: 2027-01-01, closed: true}]
  doorModes: [{mode: open-house, schedule: office}]
`);
    expect(planMoved(office, at('2026-11-02T20:00:00Z'), at('2026-12-24T10:00:00Z'), utc)).toBe(false);
    expect(planMoved(office, at('2026-11-02T20:00:00Z'), at('2027-01-04T08:00:00Z'), utc)).toBe(true);
    expect(planMoved([], open, at('2030-01-01T00:00:00Z'), utc)).toBe(false);
  });

  test('has no next change without a plan', () => {
    expect(nextMode([], open, calendar)).toBeUndefined();
  });

  test('has a next change with its time, unless the plan never changes it', () => {
    expect(nextMode(plan, open, calendar)).toEqual({ at: at('2026-06-02T15:00:00Z'), mode: 'normal' });
    const steady: PlannedMode[] = [{ mode: 'locked', schedule: { kind: 'always' } }];
    expect(nextMode([...steady, ...plan], open, calendar)).toBeUndefined();
  });
});

test('without a time zone in the configuration the calendar uses UTC', () => {
  expect(rules('').calendar).toBeInstanceOf(Calendar);
  expect(rules('').calendar.zone).toBe('UTC');
});
