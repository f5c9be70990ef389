import { describe, expect, test } from 'vitest';
import { runYear } from './running-year.js';
import { jumpsAround, jumpsOf } from './wrong-clocks.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a whole gate follows modes, hours, dates and resets through the changes of the clock, minute by minute, and where it jumps over one', () => {
  test.each([
    ['Europe/Berlin', '2026-03-29T01:00Z', '2026-10-25T01:00Z'],
    ['America/New_York', '2026-03-08T07:00Z', '2026-11-01T06:00Z'],
    // By half an hour; by two hours; and back for Ramadan.
    ['Australia/Lord_Howe', '2026-04-04T15:00Z', '2026-10-03T15:30Z'],
    ['Antarctica/Troll', '2026-03-29T01:00Z', '2026-10-25T01:00Z'],
    ['Africa/Casablanca', '2026-02-15T02:00Z', '2026-03-22T02:00Z'],
  ])(
    '%s',
    async (zone, first, second) => {
      const [firstMs, secondMs] = [Date.parse(first), Date.parse(second)];
      for (const [shiftMs, jumps] of [
        [firstMs, []],
        [secondMs, []],
        [secondMs, jumpsAround(secondMs)],
      ] as const) {
        // Three hours before hold both passes of what comes twice.
        const run = await runYear({ zone, fromMs: shiftMs - 3 * HOUR_MS, toMs: shiftMs + 3 * HOUR_MS, jumps });
        expect(run.disagreements).toEqual([]);
        expect(run.jumps).toBe(jumps.length);
        expect(run.comparisons).toBeGreaterThan(360 * 4);
        expect(run.modeChanges).toBeGreaterThan(1);
        expect(run.hoursChanges).toBeGreaterThan(2);
        expect(run.resets).toBeGreaterThan(0);
      }
    },
    60_000,
  );
});

test.each(['synchronised', 'unchecked'] as const)(
  'a whole gate purges what is old and nothing else, and follows its modes, while its clock jumps; the clock: %s',
  async (needs) => {
    const fromMs = Date.parse('2026-02-09T00:00Z');
    const run = await runYear({
      zone: 'Australia/Lord_Howe',
      fromMs,
      toMs: fromMs + 2.5 * DAY_MS,
      jumps: jumpsOf(2026),
      needs,
      journalDays: 1,
      evidenceDays: 1,
    });
    expect(run.disagreements).toEqual([]);
    expect(run.jumps).toBe(2);
    expect(run.modeChanges).toBeGreaterThan(8);
    expect(run.journalFiles).toBeGreaterThan(0);
    expect(run.pictures).toBeGreaterThan(20);
  },
  60_000,
);
