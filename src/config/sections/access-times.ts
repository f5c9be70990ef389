// pure
/** Turns the times, days and dates that an owner writes in section `access` into numbers to calculate with. */

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const DAY_MINUTES = 1440;
export const WEEK_MINUTES = 7 * DAY_MINUTES;

/** Minutes since midnight of the day on which it begins: `from` 0–1439, `to` exclusive, at most a day later. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Days of the calendar, first and last inclusive. */
export type Dates =
  /** Days since 1970-01-01. */
  | { readonly kind: 'dated'; readonly first: number; readonly last: number }
  /** Month × 100 + day, every year; `first` above `last` goes over the turn of the year. */
  | { readonly kind: 'yearly'; readonly first: number; readonly last: number };

export const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
/** The end of a span: 24:00 is the midnight that ends the day. */
export const END_TIME = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
const DAY = `(?:${DAYS.join('|')})`;
export const DAY_OR_RANGE = new RegExp(`^${DAY}(?:-${DAY})?$`);
/** `2026-12-24`, or `12-24` for every year. */
export const DATE = /^(?:20\d\d-)?\d\d-\d\d$/;

/** Longest range between two dates, in days: a longer one is a mistyped year. */
export const DATED_DAYS_MAX = 366;

/** `07:30` as minutes since midnight. */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/**
 * What somebody meant who wrote a time in another way: `7:00`, `7.30`, `730`, `7`, `7 pm`.
 * @returns the time as it must be written, or undefined where it cannot be guessed
 */
export function timeMeant(written: unknown): string | undefined {
  if (typeof written !== 'string' && typeof written !== 'number') return undefined;
  // A number with a fraction has lost its noughts: 7.3 may be 7:03 or 7:30.
  if (typeof written === 'number' && !Number.isInteger(written)) return undefined;
  const [, hour, minute = '00', half] =
    /^(\d{1,2})(?:[:.hH](\d{2}))?\s*([ap]m)?$/i.exec(String(written).trim()) ??
    /^(\d{1,2})(\d{2})$/.exec(String(written).trim()) ??
    [];
  if (hour === undefined) return undefined;
  const pm = half?.toLowerCase() === 'pm';
  if (half !== undefined && (Number(hour) < 1 || Number(hour) > 12)) return undefined;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (pm ? 12 : 0);
  const time = `${String(hours).padStart(2, '0')}:${minute}`;
  return END_TIME.test(time) ? time : undefined;
}

/** An end that is not after the begin is on the next day: `22:00`–`06:00`. */
export function spanOf({ from, to }: { readonly from: string; readonly to: string }): Span {
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  return { from: begin, to: end > begin ? end : end + DAY_MINUTES };
}

/** Days of the week (0 is Monday) in the order written; `fri-mon` goes over the weekend. A day may come twice. */
export function weekdaysOf(days: string | readonly string[]): number[] {
  return [days].flat().flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    const begin = DAYS.indexOf(first as (typeof DAYS)[number]);
    const length = (DAYS.indexOf(last as (typeof DAYS)[number]) - begin + 7) % 7;
    return Array.from({ length: length + 1 }, (_, step) => (begin + step) % 7);
  });
}

/** Days since 1970-01-01 of a date of the Gregorian calendar, whether it exists or not. */
export const dayNumber = (year: number, month: number, day: number): number =>
  Date.UTC(year, month - 1, day) / 86_400_000;

/** Any leap year: a yearly date may be 29 February. */
const LEAP = 2000;

function exists(year: number, month: number, day: number): boolean {
  const date = new Date(dayNumber(year, month, day) * 86_400_000);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** What `date` and `until` mean, or the sentence that says what is wrong with them. */
export function datesOf({ date, until }: { readonly date: string; readonly until: string | null }): Dates | string {
  const first = dateParts(date);
  const last = until === null ? first : dateParts(until);
  for (const [text, { year, month, day }] of [
    [date, first],
    [until ?? date, last],
  ] as const)
    if (!exists(year ?? LEAP, month, day)) return `there is no ${text} in the calendar`;
  if (first.year === null || last.year === null) {
    if (first.year !== last.year) return 'date and until must both have a year, or both none';
    return { kind: 'yearly', first: first.month * 100 + first.day, last: last.month * 100 + last.day };
  }
  const dated = {
    kind: 'dated',
    first: dayNumber(first.year, first.month, first.day),
    last: dayNumber(last.year, last.month, last.day),
  } as const;
  if (dated.last < dated.first) return `until ${until} is before ${date}`;
  if (dated.last - dated.first >= DATED_DAYS_MAX) return `from ${date} until ${until} is longer than a year`;
  return dated;
}

interface DateParts {
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
}

function dateParts(text: string): DateParts {
  const [day = 0, month = 0, year] = text.split('-').map(Number).reverse();
  return { year: year ?? null, month, day };
}
