// pure

import { suggest } from '../suggest.js';
import { DAY_MINUTES, DAYS, datesOf, type Span, spanOf, WEEK_MINUTES, weekdaysOf } from './access-times.js';

type Path = readonly (string | number)[];
/** A mistake that only shows when several keys, each valid by itself, are compared. */
export interface Mistake {
  readonly path: Path;
  readonly message: string;
}

interface Hours {
  readonly from: string;
  readonly to: string;
}
interface Window extends Hours {
  readonly days: string | readonly string[];
}
interface DateRange {
  readonly date: string;
  readonly until: string | null;
}
interface Schedule {
  readonly windows: readonly Window[];
  readonly holidays: readonly Hours[];
  readonly exceptions: readonly (DateRange & { readonly windows: readonly Hours[] })[];
}
interface Section {
  readonly timeZone: string | null;
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly holidays: readonly DateRange[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly doorModes: readonly { readonly mode: 'open-house' | 'locked'; readonly schedule: string }[];
  readonly passback: { readonly resetAt: readonly string[] };
}

/** Schedules that exist without being written. */
export const BUILT_IN_SCHEDULES = ['always', 'never'] as const;

/** Everything that is wrong with section `access` as a whole, each with its path inside the section. */
export function accessMistakes(section: Section): Mistake[] {
  return [
    ...zoneMistakes(section),
    ...Object.entries(section.schedules).flatMap(([name, schedule]) => scheduleMistakes(name, schedule)),
    ...twice(section.holidays, ['holidays']),
    ...nameMistakes(section),
    ...clashes(section),
  ];
}

function zoneMistakes({ timeZone, schedules, holidays, passback }: Section): Mistake[] {
  const path = ['timeZone'];
  if (timeZone === null) {
    const times = Object.keys(schedules).length + holidays.length + passback.resetAt.length;
    return times === 0 ? [] : [{ path, message: 'times need a zone: set access.timeZone, such as Europe/Berlin' }];
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return [];
  } catch {
    // Node throws when it does not know the zone.
    const meant = suggest(timeZone, Intl.supportedValuesOf('timeZone'));
    const hint = meant === null ? 'use a name such as Europe/Berlin' : `did you mean ${meant}?`;
    return [{ path, message: `there is no time zone ${JSON.stringify(timeZone)}: ${hint}` }];
  }
}

function scheduleMistakes(name: string, { windows, holidays, exceptions }: Schedule): Mistake[] {
  const path = ['schedules', name];
  const builtIn = BUILT_IN_SCHEDULES.some((known) => known === name)
    ? [{ path, message: `${name} is built in: choose another name` }]
    : [];
  const ofDay = (list: readonly Hours[], at: Path) =>
    overlaps(
      list.map((hours) => dayOf(hours)),
      at,
      Number.POSITIVE_INFINITY,
    );
  return [
    ...builtIn,
    ...overlaps(windows.map(weekSpans), [...path, 'windows'], WEEK_MINUTES),
    ...ofDay(holidays, [...path, 'holidays']),
    ...exceptions.flatMap((exception, i) => ofDay(exception.windows, [...path, 'exceptions', i, 'windows'])),
    ...twice(exceptions, [...path, 'exceptions']),
  ];
}

/** A window's spans in minutes since Monday's midnight; Sunday's may end after the week. */
const weekSpans = (window: Window): Span[] =>
  weekdaysOf(window.days).flatMap((weekday) =>
    dayOf(window).map(({ from, to }) => ({ from: from + weekday * DAY_MINUTES, to: to + weekday * DAY_MINUTES })),
  );

/** Hours of no length are reported already; counted as a whole day they would cause further, misleading mistakes. */
const dayOf = (hours: Hours): Span[] => (hours.from === hours.to ? [] : [spanOf(hours)]);

/** The first minute that two lists of spans share, undefined when they share none. Time repeats after `round` minutes. */
function shared(a: readonly Span[], b: readonly Span[], round: number): number | undefined {
  const turns = Number.isFinite(round) ? [-round, 0, round] : [0];
  for (const one of a)
    for (const other of b)
      for (const turn of turns) {
        const from = Math.max(one.from, other.from + turn);
        if (from < Math.min(one.to, other.to + turn)) return Number.isFinite(round) ? from % round : from;
      }
  return undefined;
}

const clockText = (minute: number): string =>
  [Math.floor((minute % DAY_MINUTES) / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
const weekText = (minute: number): string => `${DAYS[Math.floor(minute / DAY_MINUTES) % 7]} ${clockText(minute)}`;

/** Entries of a list that share time with an earlier one. */
function overlaps(list: readonly (readonly Span[])[], path: Path, round: number): Mistake[] {
  return list.flatMap((spans, i) => {
    for (const [earlier, others] of list.slice(0, i).entries()) {
      const minute = shared(others, spans, round);
      if (minute === undefined) continue;
      const when = Number.isFinite(round) ? weekText(minute) : clockText(minute);
      return [{ path: [...path, i], message: `overlaps with number ${earlier + 1} of this list at ${when}` }];
    }
    return [];
  });
}

/** Entries with a day that an earlier entry of the same kind (of every year, or of one year) already has. */
function twice(list: readonly DateRange[], path: Path): Mistake[] {
  const dates = list.map(datesOf);
  return dates.flatMap((own, i) => {
    const earlier = dates.slice(0, i).findIndex((other) => {
      if (typeof own === 'string' || typeof other === 'string' || own.kind !== other.kind) return false;
      const [a, b] = [pieces(own), pieces(other)];
      return shared(a, b, Number.POSITIVE_INFINITY) !== undefined;
    });
    return earlier < 0 ? [] : [{ path: [...path, i], message: `has a day of number ${earlier + 1} of this list` }];
  });
}

/** Days as spans; a range over the turn of the year is two. */
const pieces = ({ first, last }: { readonly first: number; readonly last: number }): Span[] =>
  first <= last
    ? [{ from: first, to: last + 1 }]
    : [
        { from: first, to: 1232 },
        { from: 101, to: last + 1 },
      ];

function nameMistakes({ schedules, groups, doorModes }: Section): Mistake[] {
  const known = [...BUILT_IN_SCHEDULES, ...Object.keys(schedules)];
  const check = (name: string, path: Path): Mistake[] => {
    if (known.includes(name)) return [];
    const meant = suggest(name, known);
    const hint = meant === null ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
    return [{ path, message: `there is no schedule ${JSON.stringify(name)}: ${hint}` }];
  };
  return [
    ...Object.entries(groups).flatMap(([group, names]) =>
      names.flatMap((name, i) => check(name, ['groups', group, i])),
    ),
    ...doorModes.flatMap(({ schedule }, i) => check(schedule, ['doorModes', i, 'schedule'])),
  ];
}

/** Door modes that contradict each other in an ordinary week. */
function clashes({ schedules, doorModes }: Section): Mistake[] {
  const week = (name: string): Span[] =>
    name === 'always' ? [{ from: 0, to: WEEK_MINUTES }] : (schedules[name]?.windows ?? []).flatMap(weekSpans);
  return doorModes.flatMap(({ mode, schedule }, i) => {
    for (const [earlier, other] of doorModes.slice(0, i).entries()) {
      if (other.mode === mode) continue;
      const minute = shared(week(other.schedule), week(schedule), WEEK_MINUTES);
      if (minute !== undefined) {
        const message = `${mode} and ${other.mode} (number ${earlier + 1} of this list) meet at ${weekText(minute)}`;
        return [{ path: ['doorModes', i], message }];
      }
    }
    return [];
  });
}
