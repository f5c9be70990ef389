import { describe, expect, test } from 'vitest';
import { configKeys, configSections } from '../../src/config/keys.js';
import { removedKeys } from '../../src/config/migration/removed-keys.js';
import { given, mistakes } from './given.js';

const BASE = `access:
  timeZone: Europe/Berlin
  schedules:
    office:
      windows:
        - {days: mon-fri, from: 07:00, to: 18:30}
        - {days: sat, from: 09:00, to: 13:00}
`;

test('a complete access section is accepted', () => {
  const text = `${BASE}      holidays: [{from: 10:00, to: 12:00}]
      exceptions:
        - {date: 12-24, windows: [{from: 08:00, to: 12:00}]}
        - {date: 2026-12-24, closed: true}
        - {date: 2026-07-20, until: 2026-07-31, closed: true}
    night: {windows: [{days: [sun, mon-thu], from: 22:00, to: 06:00}], holidaysLikeWeekdays: true}
  holidays: [{date: 12-31, until: 01-01, name: turn of the year}, {date: 2028-02-29}]
  groups: {default: [never], staff: [office], guards: [always, night]}
  doorModes: [{mode: open-house, schedule: office}, {mode: locked, schedule: night}]
  passback: {mode: hard, resetAt: [04:00]}
`;
  expect(given(text).config.access.schedules['night']?.windows[0]?.days).toEqual(['sun', 'mon-thu']);
});

describe('a mistake is reported with its path and line', () => {
  test.each<[string, string, string]>([
    [
      'hours that overlap',
      `${BASE}        - {days: fri-sun, from: 18:00, to: 20:00}\n`,
      'access.schedules.office.windows.2 (kaimon.yaml line 8): overlaps with number 1 of this list at fri 18:00',
    ],
    [
      'hours past midnight that overlap with the next morning',
      `${BASE}        - {days: sun, from: 22:00, to: 08:00}\n`,
      'access.schedules.office.windows.2 (kaimon.yaml line 8): overlaps with number 1 of this list at mon 07:00',
    ],
    [
      'hours of a holiday that overlap',
      `${BASE}      holidays:\n        - {from: 10:00, to: 12:00}\n        - {from: 11:59, to: 13:00}\n`,
      'access.schedules.office.holidays.1 (kaimon.yaml line 10): overlaps with number 1 of this list at 11:59',
    ],
    [
      'a time that does not exist',
      'access:\n  timeZone: UTC\n  schedules:\n    a:\n      windows:\n        - {days: mon, from: 25:00, to: 06:00}',
      'access.schedules.a.windows.0.from (kaimon.yaml line 6): found "25:00", allowed: a time 00:00–23:59',
    ],
    [
      'hours of no length',
      `${BASE}        - {days: sun, from: 08:00, to: 08:00}\n`,
      'access.schedules.office.windows.2.to (kaimon.yaml line 8): ends when it begins: for a whole day write 00:00 to 24:00',
    ],
    [
      'a missing end',
      `${BASE}        - {days: sun, from: 08:00}\n`,
      'access.schedules.office.windows.2.to (kaimon.yaml line 8): found nothing, allowed: a time 00:00–24:00',
    ],
    [
      'an unknown day',
      `${BASE}        - {days: sunday, from: 08:00, to: 09:00}\n`,
      'access.schedules.office.windows.2.days (kaimon.yaml line 8): found "sunday", allowed: a day mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or a list',
    ],
    [
      'a day that is listed twice',
      `${BASE}        - {days: [sun, fri-sun], from: 20:00, to: 21:00}\n`,
      'access.schedules.office.windows.2.days (kaimon.yaml line 8): a day stands twice',
    ],
    [
      'a mistyped key of a schedule',
      `${BASE}      window: []\n`,
      'access.schedules.office.window (kaimon.yaml line 8): unknown key, did you mean access.schedules.office.windows?',
    ],
    [
      'a date that is not in the calendar',
      'access:\n  timeZone: UTC\n  holidays:\n    - {date: 2027-02-29}\n',
      'access.holidays.0.date (kaimon.yaml line 4): there is no 2027-02-29 in the calendar',
    ],
    [
      'an end of holidays before their begin',
      'access:\n  timeZone: UTC\n  holidays: [{date: 2027-02-20, until: 2027-02-02}]\n',
      'access.holidays.0.date (kaimon.yaml line 3): until 2027-02-02 is before 2027-02-20',
    ],
    [
      'a holiday that is listed twice, across the turn of the year',
      'access:\n  timeZone: UTC\n  holidays:\n    - {date: 12-24, until: 01-06}\n    - {date: 01-01}\n',
      'access.holidays.1 (kaimon.yaml line 5): has a day of number 1 of this list',
    ],
    [
      'an exception that says nothing',
      `${BASE}      exceptions:\n        - {date: 12-24}\n`,
      'access.schedules.office.exceptions.0.closed (kaimon.yaml line 9): an exception has either closed: true or windows',
    ],
    [
      'an unknown zone',
      'access:\n  timeZone: Europe/Berln\n',
      'access.timeZone (kaimon.yaml line 2): there is no time zone "Europe/Berln": did you mean Europe/Berlin?',
    ],
    [
      'times without a zone',
      'access:\n  passback:\n    resetAt: [04:00]\n',
      'access.timeZone (kaimon.yaml line 1): times need a zone: set access.timeZone, such as Europe/Berlin',
    ],
    [
      'a group with an unknown schedule',
      `${BASE}  groups:\n    staff: [always, offic]\n`,
      'access.groups.staff.1 (kaimon.yaml line 9): there is no schedule "offic": did you mean office?',
    ],
    [
      'an invalid name of a group',
      'access:\n  groups:\n    Staff!: [always]\n',
      'access.groups.Staff! (kaimon.yaml line 3): found this name, allowed: 1–32 characters of a–z, 0–9, _ and -',
    ],
    [
      'a schedule that is called like a built-in one',
      'access:\n  timeZone: UTC\n  schedules:\n    always: {}\n',
      'access.schedules.always (kaimon.yaml line 4): always is built in: choose another name',
    ],
    [
      'a door mode with an unknown schedule',
      'access:\n  doorModes:\n    - {mode: locked, schedule: zzz}\n',
      'access.doorModes.0.schedule (kaimon.yaml line 3): there is no schedule "zzz": there are always, never',
    ],
    [
      'door modes that contradict each other',
      `${BASE}  doorModes:\n    - {mode: open-house, schedule: office}\n    - {mode: locked, schedule: always}\n`,
      'access.doorModes.1 (kaimon.yaml line 10): locked and open-house (number 1 of this list) meet at mon 07:00',
    ],
    [
      'anti-passback that could lock people out permanently',
      'access:\n  passback:\n    mode: hard\n',
      'access.passback.resetAt (kaimon.yaml line 2): access.passback.mode hard needs a time: otherwise who leaves by another way is shut out for ever',
    ],
    [
      'the lockout of earlier versions',
      'access:\n  lockout: {spoofs: 5, lockMs: 60000}\n',
      'access.lockout (kaimon.yaml line 2): is gone, because anybody could shut the gate with a photo: take it out. access.attacks.alarmAfter and access.attacks.withinMs set when an alarm is raised',
    ],
    [
      'a list in place of the map of schedules',
      'access:\n  schedules: [office]\n',
      'access.schedules (kaimon.yaml line 2): found a list, allowed: a map of up to 64 schedules, each with windows, holidays, holidaysLikeWeekdays and exceptions',
    ],
  ])('%s', (_mistake, text, line) => expect(mistakes(() => given(text))).toEqual([line]));
});

test.each([
  ['hours that touch', `${BASE}        - {days: fri, from: 18:30, to: 20:00}\n`],
  ['a night that ends when the morning begins', `${BASE}        - {days: sun-thu, from: 22:00, to: 07:00}\n`],
  [
    'a midnight written as 24:00 or 00:00',
    `${BASE}        - {days: sun, from: 20:00, to: 24:00}\n        - {days: sat, from: 20:00, to: 00:00}\n`,
  ],
  [
    'a date of one year beside one of every year',
    `${BASE}      exceptions: [{date: 12-24, closed: true}, {date: 2026-12-24, windows: [{from: 08:00, to: 09:00}]}]\n`,
  ],
])('%s is no mistake', (_what, text) => expect(mistakes(() => given(text))).toEqual([]));

test.each(['KAIMON_ACCESS__LOCKOUT__SPOOFS', 'KAIMON_ACCESS__LOCKOUT'])(
  'a variable of the lockout of earlier versions says what became of it: %s',
  (variable) =>
    expect(mistakes(() => given('', { [variable]: '5' }))).toEqual([
      expect.stringMatching(new RegExp(`^${variable}: access.lockout is gone`)),
    ]),
);

test('the keys of liveness of earlier versions say what became of them', () =>
  expect(mistakes(() => given('liveness: {motion: false, aliveSeconds: 2}'))).toEqual([
    expect.stringMatching(/^liveness.motion .* is gone: take it out\. Movement/),
    expect.stringMatching(/^liveness.aliveSeconds .* is gone: take it out\. .*liveness.iapar/),
  ]));

test('a removed key is not one that there is', () => {
  const there = [...configKeys, ...configSections].map(({ name }) => name);
  expect(removedKeys.filter((name) => there.includes(name))).toEqual([]);
});
