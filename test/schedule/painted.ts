/**
 * Schedules computed independently of the product, to compare with: luxon's dates, and each day painted minute by minute.
 * Reads the configuration as it is written and shares no code with src/.
 */
import { DateTime } from 'luxon';

interface Span {
  readonly from: string;
  readonly to: string;
}
interface Range {
  readonly date: string;
  readonly until?: string | null;
}
export interface WrittenSchedule {
  readonly windows?: readonly (Span & { readonly days: string | readonly string[] })[];
  readonly holidays?: readonly Span[];
  readonly holidaysLikeWeekdays?: boolean;
  readonly exceptions?: readonly (Range & { readonly closed?: boolean; readonly windows?: readonly Span[] })[];
}

const NAMES = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function isOneOf(days: string | readonly string[], weekday: number): boolean {
  return [days].flat().some((text) => {
    const [first, last = first] = text.split('-').map((name) => NAMES.indexOf(name) + 1) as [number, number?];
    for (let day = first; ; day = day === 7 ? 1 : day + 1) {
      if (day === weekday) return true;
      if (day === last) return false;
    }
  });
}

/** ISO dates sort as text, with and without year. */
function falls(date: string, { date: first, until }: Range): boolean {
  const last = until ?? first;
  const text = first.length === 5 ? date.slice(5) : date;
  return first <= last ? first <= text && text <= last : text >= first || text <= last;
}

function spansOn(date: DateTime, schedule: WrittenSchedule, holidays: readonly Range[]): readonly Span[] {
  const iso = date.toISODate();
  const fitting = (schedule.exceptions ?? []).filter((exception) => falls(iso, exception));
  const exception = fitting.find((one) => one.date.length === 10) ?? fitting[0];
  if (exception) return exception.windows ?? [];
  if (!schedule.holidaysLikeWeekdays && holidays.some((holiday) => falls(iso, holiday))) return schedule.holidays ?? [];
  return (schedule.windows ?? []).filter(({ days }) => isOneOf(days, date.weekday));
}

const minute = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
};

/** Days painted from `first` on, for `days` days: true for each local minute at which the schedule is open. */
export function paint(
  schedule: WrittenSchedule,
  holidays: readonly Range[],
  first: string,
  days: number,
): ReadonlyMap<string, readonly boolean[]> {
  const painted = new Map<string, boolean[]>();
  const sheet = (date: DateTime): boolean[] => {
    const iso = date.toISODate();
    const found = painted.get(iso) ?? Array.from({ length: 1440 }, () => false);
    painted.set(iso, found);
    return found;
  };
  for (let n = 0; n < days; n++) {
    const date = DateTime.fromISO(first, { zone: 'utc' }).plus({ days: n });
    for (const { from, to } of spansOn(date, schedule, holidays)) {
      const [begin, end] = [minute(from), minute(to)];
      if (end > begin) sheet(date).fill(true, begin, end);
      else {
        sheet(date).fill(true, begin);
        sheet(date.plus({ days: 1 })).fill(true, 0, end);
      }
    }
  }
  return painted;
}

/** The local time of `zone`, by luxon. */
export function wallTime(ms: number, zone: string): { readonly date: string; readonly minute: number } {
  const local = DateTime.fromMillis(ms, { zone });
  return { date: local.toISODate(), minute: local.hour * 60 + local.minute };
}
