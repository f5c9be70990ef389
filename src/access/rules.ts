// pure
import type { ClockNeeds } from '../clock-trust/clock-trust.js';
import type { Config } from '../config/config.js';
import { type Dates, datesOf, minutesOf, spanOf, weekdaysOf } from '../config/sections/access-times.js';
import type { PassbackRule } from '../passback/passback.js';
import { Calendar } from '../schedule/calendar.js';
import type { Hours, Schedule } from '../schedule/hours.js';
import type { PlannedMode } from '../schedule/planned-modes.js';
import type { AttackRule } from './attacks.js';
import type { AccessRules } from './groups.js';

type Section = Config['access'];

/** Section `access` of the configuration, prepared for use. */
export interface Rules {
  readonly access: AccessRules;
  readonly doorModes: readonly PlannedMode[];
  readonly passback: PassbackRule;
  readonly attacks: AttackRule;
  readonly clock: ClockNeeds;
  readonly calendar: Calendar;
}

/** Whether a wrong clock keeps people out or stops a schedule: only then does the state say that the clock is not trusted. */
export const needClock = ({ access, doorModes, passback }: Rules): boolean =>
  access.groups.size > 0 || doorModes.length > 0 || passback.mode !== 'off';

/** @param section checked before: its names, times and zone are known to be right. */
export function rulesOf(section: Section): Rules {
  const calendar = new Calendar(section.timeZone ?? 'UTC');
  const holidays = section.holidays.map(checkedDates);
  const schedules = new Map<string, Schedule>([
    ['always', { kind: 'always' }],
    ['never', { kind: 'never' }],
    ...Object.entries(section.schedules).map(([name, given]) => [name, hoursOf(given, holidays)] as const),
  ]);
  const schedule = (name: string): Schedule => schedules.get(name) ?? { kind: 'never' };
  const groups = Object.entries(section.groups).map(([name, names]) => [name, names.map(schedule)] as const);
  return {
    access: {
      calendar,
      groups: new Map(groups),
      lockedHours: section.doorModes.some(({ mode }) => mode === 'locked'),
    },
    doorModes: section.doorModes.map((planned) => ({ mode: planned.mode, schedule: schedule(planned.schedule) })),
    passback: { ...section.passback, resetAt: section.passback.resetAt.map(minutesOf) },
    attacks: section.attacks,
    clock: section.clock,
    calendar,
  };
}

function hoursOf(given: Section['schedules'][string], holidays: readonly Dates[]): Hours {
  const exceptions = given.exceptions.map((exception) => ({
    dates: checkedDates(exception),
    spans: exception.windows.map(spanOf),
  }));
  return {
    kind: 'hours',
    weekly: Array.from({ length: 7 }, (_, weekday) =>
      given.windows.filter(({ days }) => weekdaysOf(days).includes(weekday)).map(spanOf),
    ),
    onHolidays: given.holidaysLikeWeekdays ? null : given.holidays.map(spanOf),
    holidays,
    // A date with its year is more exact than one of every year.
    exceptions: exceptions.toSorted((a, b) => a.dates.kind.localeCompare(b.dates.kind)),
  };
}

/** Dates that the check of the configuration has let through. */
function checkedDates(given: { readonly date: string; readonly until: string | null }): Dates {
  const dates = datesOf(given);
  if (typeof dates === 'string') throw new RangeError(dates);
  return dates;
}
