import { z } from 'zod';
import { flag } from '../field.js';
import { DATE, DAY_OR_RANGE, datesOf, END_TIME, TIME, weekdaysOf } from './access-times.js';

/** Names of schedules, and of groups as people have them. */
export const name = z
  .string()
  .regex(/^[a-z0-9_-]{1,32}$/)
  .describe('A name (1–32 characters of a–z, 0–9, _ and -).');

const day = z.string().regex(DAY_OR_RANGE);
const days = z
  .union([day, z.array(day).min(1).max(7)])
  .refine((list) => new Set(weekdaysOf(list)).size === weekdaysOf(list).length, 'a day stands twice')
  .describe('Days on which it begins (a day mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or a list).');

const span = {
  from: z.string().regex(TIME).describe('Begin (a time 00:00–23:59).'),
  to: z
    .string()
    .regex(END_TIME)
    .describe('End, itself outside; when it is not after the begin, on the next day (a time 00:00–24:00).'),
};
const notEmpty = ({ from, to }: { readonly from: string; readonly to: string }) => from !== to;
const empty = { path: ['to'], message: 'ends when it begins: for a whole day write 00:00 to 24:00' };
const hours = z.strictObject(span).refine(notEmpty, empty).describe('Hours of a day (a map of from and to).');
const window = z
  .strictObject({ days, ...span })
  .refine(notEmpty, empty)
  .describe('Hours of some days of the week (a map of days, from and to).');

const date = {
  date: z.string().regex(DATE).describe('First day (a date 2026-12-24, or 12-24 for every year).'),
  until: z
    .string()
    .regex(DATE)
    .nullable()
    .default(null)
    .describe('Last day, itself included; null is the first (a date like the first, or null).'),
};
const inCalendar = (given: { date: string; until: string | null }, context: z.RefinementCtx) => {
  const dates = datesOf(given);
  if (typeof dates === 'string') context.addIssue({ code: 'custom', path: ['date'], message: dates });
};

const exception = z
  .strictObject({
    ...date,
    closed: flag('Closed on these days', false),
    windows: z.array(hours).max(8).default([]).describe('Open in these hours (a list of up to 8 maps of from and to).'),
  })
  .superRefine(inCalendar)
  .refine(({ closed, windows }) => closed === (windows.length === 0), {
    path: ['closed'],
    message: 'an exception has either closed: true or windows',
  })
  .describe('What holds on single days (a map of date, until, and closed or windows).');

const schedule = z
  .strictObject({
    windows: z
      .array(window)
      .max(32)
      .default([])
      .describe('Open in these hours of the week (a list of up to 32 maps of days, from and to).'),
    holidays: z
      .array(hours)
      .max(8)
      .default([])
      .describe('Open in these hours of holidays (a list of up to 8 maps of from and to).'),
    holidaysLikeWeekdays: flag('Holidays are days like others', false),
    exceptions: z
      .array(exception)
      .max(64)
      .default([])
      .describe('Days on which other hours hold (a list of up to 64 maps of date, until, and closed or windows).'),
  })
  .refine(({ holidays, holidaysLikeWeekdays }) => !(holidaysLikeWeekdays && holidays.length > 0), {
    path: ['holidays'],
    message: 'holidays cannot have hours of their own and be like other days',
  })
  .describe('A schedule (a map of windows, holidays, holidaysLikeWeekdays and exceptions).');

/** Hours by name. */
export const schedules = z
  .record(name, schedule)
  .refine((map) => Object.keys(map).length <= 64, 'at most 64 schedules')
  .default({})
  .describe(
    'Named hours: {office: {windows: [{days: mon-fri, from: 07:00, to: 18:30}]}}; a window may end on the next day (a map of up to 64 schedules, each with windows, holidays, holidaysLikeWeekdays and exceptions).',
  );

/** Holidays of the site. */
export const holidays = z
  .array(
    z
      .strictObject({
        ...date,
        name: z.string().max(80).default('').describe('What it is called (a text of 0–80 characters).'),
      })
      .superRefine(inCalendar)
      .describe('A holiday (a map of date, until and name).'),
  )
  .max(128)
  .default([])
  .describe(
    'Holidays of the site: [{date: 12-25, name: Christmas}] (a list of up to 128 maps of date, until and name; dates as 2026-12-24, or 12-24 for every year).',
  );
