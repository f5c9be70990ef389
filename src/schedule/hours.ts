// pure
import { DAY_MINUTES, type Dates, type Span } from '../config/sections/access-times.js';
import type { WallMs } from '../kit/clock.js';
import { type Calendar, isTime, monthDayOf, weekdayOf } from './calendar.js';

/** When something is open. */
export type Schedule = { readonly kind: 'always' } | { readonly kind: 'never' } | Hours;

/**
 * Open whenever the local time is within a span. A span belongs to the day on which it begins, even past
 * midnight: Friday's night shift runs its course though Saturday is a holiday.
 */
export interface Hours {
  readonly kind: 'hours';
  /** Seven lists, Monday first. */
  readonly weekly: readonly (readonly Span[])[];
  /** What holds on holidays in place of the weekly spans; null: holidays are days like others. */
  readonly onHolidays: readonly Span[] | null;
  readonly holidays: readonly Dates[];
  /** What holds on single days, above week and holidays; the first that fits counts. */
  readonly exceptions: readonly { readonly dates: Dates; readonly spans: readonly Span[] }[];
}

/** Whether a day (since 1970-01-01) is one of `dates`. */
export function includes(dates: Dates, day: number): boolean {
  const at = dates.kind === 'dated' ? day : monthDayOf(day);
  if (dates.first <= dates.last) return dates.first <= at && at <= dates.last;
  return dates.first <= at || at <= dates.last;
}

/** The spans that begin on a day: of an exception, else of a holiday, else of the week. */
export function spansOf(hours: Hours, day: number): readonly Span[] {
  const exception = hours.exceptions.find(({ dates }) => includes(dates, day));
  if (exception) return exception.spans;
  if (hours.onHolidays && hours.holidays.some((dates) => includes(dates, day))) return hours.onHolidays;
  return hours.weekly[weekdayOf(day)] ?? [];
}

/** Whether a schedule is open at a moment. An invalid time (NaN) is outside all hours. */
export function isOpen(schedule: Schedule, at: WallMs, calendar: Calendar): boolean {
  if (schedule.kind !== 'hours') return schedule.kind === 'always';
  if (!isTime(at)) return false;
  const { day, minute } = calendar.local(at);
  const within = (spans: readonly Span[], minutes: number) =>
    spans.some(({ from, to }) => from <= minutes && minutes < to);
  return within(spansOf(schedule, day), minute) || within(spansOf(schedule, day - 1), minute + DAY_MINUTES);
}

const DAY_MS = DAY_MINUTES * 60_000;
/** How far {@link nextChange} looks by default: a week and a day, in days. */
const LOOK_AHEAD_DAYS = 8;
/** The furthest that {@link nextChange} looks, in days. */
export const LOOK_AHEAD_DAYS_MAX = 400;

/**
 * The first moment after `at` at which the schedule opens or closes; undefined when it does not within `days` of 24 hours.
 * @param days 1 to {@link LOOK_AHEAD_DAYS_MAX}.
 */
export function nextChange(
  schedule: Schedule,
  at: WallMs,
  calendar: Calendar,
  days: number = LOOK_AHEAD_DAYS,
): WallMs | undefined {
  if (schedule.kind !== 'hours' || !isTime(at)) return undefined;
  const now = isOpen(schedule, at, calendar);
  for (let ahead = 0; ahead < Math.min(days, LOOK_AHEAD_DAYS_MAX); ahead++) {
    const from = (at + ahead * DAY_MS) as WallMs;
    const change = edges(schedule, from, (from + DAY_MS) as WallMs, calendar).find(
      (edge) => isOpen(schedule, edge, calendar) !== now,
    );
    if (change !== undefined) return change;
  }
  return undefined;
}

/** The moments after `from`, up to and including `to`, at which a schedule can open or close, in order. */
function edges(hours: Hours, from: WallMs, to: WallMs, calendar: Calendar): WallMs[] {
  const found: WallMs[] = [];
  // One day more on both sides: a span may end on the day after, and where clocks are put back at midnight a date comes twice.
  const last = calendar.local(to).day + 1;
  for (let d = calendar.local(from).day - 1; d <= last; d++)
    for (const { from: begin, to: end } of spansOf(hours, d))
      found.push(...calendar.instants(d, begin), ...calendar.instants(d, end));
  const leap = calendar.leap(from, to);
  if (leap !== undefined) found.push(leap);
  return found.filter((edge) => edge > from && edge <= to).sort((a, b) => a - b);
}
