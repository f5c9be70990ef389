import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { runYear, simulated } from './running-year.js';

const HOUR_MS = 3_600_000;

describe('the running gate follows hours and modes through the changes of the clock, minute by minute, and no job stands still', () => {
  test.each([
    ['Europe/Berlin', '2026-03-29T01:00Z', '2026-10-25T01:00Z'],
    ['America/New_York', '2026-03-08T07:00Z', '2026-11-01T06:00Z'],
    // By half an hour; by two hours; and back for Ramadan.
    ['Australia/Lord_Howe', '2026-04-04T15:00Z', '2026-10-03T15:30Z'],
    ['Antarctica/Troll', '2026-03-29T01:00Z', '2026-10-25T01:00Z'],
    ['Africa/Casablanca', '2026-02-15T02:00Z', '2026-03-22T02:00Z'],
  ])('%s', async (zone, ...shifts) => {
    for (const shift of shifts) {
      // Three hours before hold both passes of what comes twice.
      const from = Date.parse(shift) - 3 * HOUR_MS;
      const time = simulated(new ManualClock(from));
      const { disagreements, comparisons } = await runYear(zone, from, from + 6 * HOUR_MS, time);
      expect(disagreements).toEqual([]);
      expect(comparisons).toBeGreaterThan(360 * 2);
    }
  });
});
