// pure
import { DAY_MINUTES, dayNumber } from '../config/sections/access-times.js';
import type { WallMs } from '../kit/clock.js';

/** The local date and time of the site. */
export interface LocalTime {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Minutes since midnight, 0–1439. */
  readonly minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = DAY_MINUTES * MINUTE_MS;
/** Local times remembered; asking Intl takes some ten microseconds on a PC. */
const KNOWN_MAX = 1024;
/** The year 9999 is the last that calendars are asked about. */
const TIME_MS_MAX = Date.UTC(9999, 11, 1);

/** Whether a time is one that a schedule can be asked about: from 1970 to 9999. NaN is not. */
export const isTime = (at: WallMs): boolean => at >= 0 && at <= TIME_MS_MAX;

/** Day of the week of a day since 1970-01-01; 0 is Monday. */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7;

/** Month × 100 + day of the month. */
export function monthDayOf(day: number): number {
  const date = new Date(day * DAY_MS);
  return (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

/**
 * Local time of one zone, from Node's own knowledge of zones (Intl). Where the clock is put forward some local times never
 * come; where it is put back some come twice.
 */
export class Calendar {
  readonly zone: string;
  readonly #format: Intl.DateTimeFormat;
  /** Local times by second, because a dozen schedules ask about the same ones; at most {@link KNOWN_MAX}. */
  readonly #known = new Map<number, number>();

  /** @throws RangeError where Node knows no such zone. */
  constructor(zone: string) {
    this.zone = zone;
    this.#format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** @param at a time ({@link isTime}). */
  local(at: WallMs): LocalTime {
    const shown = this.#shown(at);
    const day = Math.floor(shown / DAY_MS);
    return { day, minute: Math.floor((shown - day * DAY_MS) / MINUTE_MS) };
  }

  /**
   * The moments at which the clock comes to show `minute` of `day`: none, one or two, earliest first.
   * @param minute from the day's midnight; 1440 and more is on the next day.
   */
  instants(day: number, minute: number): readonly WallMs[] {
    const shown = day * DAY_MS + minute * MINUTE_MS;
    const offsets = new Set([this.#offset((shown - DAY_MS) as WallMs), this.#offset((shown + DAY_MS) as WallMs)]);
    return [...offsets]
      .map((offset) => (shown - offset) as WallMs)
      .filter((at) => this.#shown(at) === shown)
      .sort((a, b) => a - b);
  }

  /** The first moment at which the clock shows `minute` of `day`; where that time is left out, the end of the gap. */
  reach(day: number, minute: number): WallMs {
    const [first] = this.instants(day, minute);
    if (first !== undefined) return first;
    const shown = day * DAY_MS + minute * MINUTE_MS;
    // In every zone the change lies within a day of the time that it leaves out.
    return this.leap((shown - DAY_MS) as WallMs, (shown + DAY_MS) as WallMs) ?? (shown as WallMs);
  }

  /** The moment after `from`, up to and including `to`, at which the clock is put forward or back; undefined if it is not. Finds one at most. */
  leap(from: WallMs, to: WallMs): WallMs | undefined {
    const before = this.#offset(from);
    if (this.#offset(to) === before) return undefined;
    let [early, late] = [Math.floor(from), Math.ceil(to)];
    while (late - early > 1) {
      const middle = Math.floor((early + late) / 2);
      if (this.#offset(middle as WallMs) === before) early = middle;
      else late = middle;
    }
    return late as WallMs;
  }

  /** The local time as if it were UTC. */
  #shown(at: WallMs): number {
    const second = Math.floor(at / 1000);
    const known = this.#known.get(second);
    if (known !== undefined) return known;
    const shown = this.#ask(at);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(second, shown);
    return shown;
  }

  #ask(at: WallMs): number {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(at)) part[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
    return dayNumber(year, month, day) * DAY_MS + (hour * 60 + minute) * MINUTE_MS + second * 1000;
  }

  #offset(at: WallMs): number {
    return this.#shown(at) - Math.floor(at / 1000) * 1000;
  }
}
