/** Steps through a stretch of time minute by minute and compares the product's schedules with {@link paint}ed days. */

import { type Rules, rulesOf } from '../../src/access/rules.js';
import { configSchema } from '../../src/config/config.js';
import { wallMs } from '../../src/kit/clock.js';
import { isOpen, nextChange } from '../../src/schedule/hours.js';
import { modeAt, nextMode } from '../../src/schedule/planned-modes.js';
import { paint, type WrittenSchedule, wallTime } from './painted.js';

const HOLIDAYS = [
  { date: '12-31', until: '01-01', name: 'turn of the year' },
  { date: '12-25', until: '12-26' },
  { date: '05-01' },
  // Not the Sunday, on which Lord Howe puts its clocks back.
  { date: '2026-04-03', until: '2026-04-04', name: 'Easter' },
  { date: '2026-11-26' },
];

/** One of each kind, with hours that touch, cross and fill the changes of the clock. */
const SCHEDULES: Readonly<Record<string, WrittenSchedule>> = {
  office: {
    windows: [
      { days: 'mon-fri', from: '07:00', to: '18:30' },
      { days: ['sat'], from: '09:00', to: '13:00' },
    ],
    exceptions: [
      { date: '12-24', windows: [{ from: '08:00', to: '12:00' }] },
      { date: '2026-12-24', closed: true },
      { date: '2026-07-20', until: '2026-07-31', windows: [{ from: '10:00', to: '15:00' }] },
    ],
  },
  // Not in the nights from Saturday to Sunday, in which most clocks are changed: the others are seen there.
  night: { windows: [{ days: 'sun-fri', from: '22:00', to: '06:00' }], holidaysLikeWeekdays: true },
  early: { windows: [{ days: 'sun', from: '02:15', to: '03:00' }] },
  late: {
    windows: [
      { days: 'sat', from: '23:45', to: '01:30' },
      { days: 'sun', from: '01:45', to: '02:15' },
    ],
  },
  round: { windows: [{ days: 'mon-sun', from: '00:00', to: '24:00' }], holidays: [{ from: '20:00', to: '04:00' }] },
  weekend: { windows: [{ days: 'fri-mon', from: '18:00', to: '17:59' }] },
  feast: { exceptions: [{ date: '02-28', until: '02-29', windows: [{ from: '23:00', to: '00:30' }] }] },
};
const MODES = [
  { mode: 'open-house', schedule: 'office' },
  { mode: 'locked', schedule: 'night' },
  { mode: 'locked', schedule: 'early' },
  { mode: 'open-house', schedule: 'late' },
] as const;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** How far nextChange and nextMode look by default; they may find nothing beyond. */
const AHEAD_MS = 7 * DAY_MS;
const SHOWN_MAX = 20;

export interface Comparison {
  readonly minutes: number;
  readonly comparisons: number;
  /** How often a schedule or the mode changed, and how many of these were foretold. */
  readonly changes: number;
  readonly foretold: number;
  readonly disagreements: readonly string[];
}

/** What is compared over time: the product's answer, luxon's, and the next change that the product foretells. */
export interface Course {
  readonly name: string;
  readonly ours: (ms: number) => string;
  readonly theirs: (date: string, minute: number) => string;
  readonly foretell: (ms: number) => number | undefined;
}

/** Section `access` of the configuration for a zone: each schedule, and a group of its name that may enter while it is open. */
export const yearAccess = (zone: string) => ({
  timeZone: zone,
  holidays: HOLIDAYS,
  schedules: SCHEDULES,
  doorModes: MODES,
  groups: Object.fromEntries(Object.keys(SCHEDULES).map((name) => [name, [name]])),
});

/** The same as the product understands it. */
const yearRules = (zone: string): Rules => rulesOf(configSchema.parse({ access: yearAccess(zone) }).access);

/** One course for each schedule, under its name, and the last one for the door's mode. */
export function coursesOf(zone: string, fromMs: number, toMs: number): Course[] {
  const { access, doorModes, calendar } = yearRules(zone);
  const first = new Date(fromMs - 3 * DAY_MS).toISOString().slice(0, 10);
  const days = Math.ceil((toMs - fromMs) / DAY_MS) + 6;
  const sheets = new Map(Object.entries(SCHEDULES).map(([name, one]) => [name, paint(one, HOLIDAYS, first, days)]));
  const painted = (name: string, date: string, minute: number) => sheets.get(name)?.get(date)?.[minute] ?? false;
  const schedules = [...access.groups].map(([name, [schedule]]): Course => {
    if (!schedule) throw new Error(`no schedule ${name}`);
    return {
      name,
      ours: (ms) => String(isOpen(schedule, wallMs(ms), calendar)),
      theirs: (date, minute) => String(painted(name, date, minute)),
      foretell: (ms) => nextChange(schedule, wallMs(ms), calendar),
    };
  });
  const mode: Course = {
    name: 'door mode',
    ours: (ms) => modeAt(doorModes, wallMs(ms), calendar),
    theirs: (date, minute) => {
      const asked = MODES.filter(({ schedule }) => painted(schedule, date, minute)).map(({ mode }) => mode);
      return asked.includes('locked') ? 'locked' : (asked[0] ?? 'normal');
    },
    foretell: (ms) => nextMode(doorModes, wallMs(ms), calendar)?.at,
  };
  return [...schedules, mode];
}

/** @param fromMs a whole minute. */
export function compare(zone: string, fromMs: number, toMs: number): Comparison {
  const disagreements: string[] = [];
  const wrong = (ms: number, text: string) => {
    if (disagreements.length < SHOWN_MAX) disagreements.push(`${zone} ${new Date(ms).toISOString()} ${text}`);
  };
  const followed = coursesOf(zone, fromMs, toMs).map((course) => ({
    course,
    was: course.ours(fromMs),
    asked: fromMs,
    next: course.foretell(fromMs),
  }));
  let [minutes, comparisons, changes, foretold] = [0, 0, 0, 0];
  for (let ms = fromMs; ms < toMs; ms += MINUTE_MS, minutes++) {
    const { date, minute } = wallTime(ms, zone);
    for (const one of followed) {
      const theirs = one.course.theirs(date, minute);
      const ours = one.course.ours(ms);
      comparisons++;
      if (ours !== theirs) wrong(ms, `${one.course.name}: ${ours}, luxon says ${theirs}`);
      const changed = theirs !== one.was;
      if (changed) changes++;
      if (changed && one.next === ms) foretold++;
      const due = changed ? one.next === ms || (one.next === undefined && ms - one.asked > AHEAD_MS) : one.next !== ms;
      if (!due)
        wrong(ms, `${one.course.name}: foretold ${one.next}, but it ${changed ? 'changed' : 'did not change'} now`);
      // Asked anew at each change, and once a day where nothing was foretold.
      if (!changed && !(one.next === undefined && ms - one.asked >= DAY_MS)) continue;
      Object.assign(one, { was: theirs, asked: ms, next: one.course.foretell(ms) });
    }
  }
  return { minutes, comparisons, changes, foretold, disagreements };
}
