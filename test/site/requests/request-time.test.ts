import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monotonicMs, wallMs } from '../../../src/kit/clock.js';
import { type ClockReading, type KnownTime, knownAtStart, timeOf } from '../../../src/site/requests/request-time.js';

const NOW = Date.UTC(2026, 10, 24, 8);
const YEAR = 365 * 86_400_000;
const HOUR = 3_600_000;
const START = monotonicMs(50_000);
/** A reading `s` seconds after the start. */
const at = (s: number, wall: number, trusted: boolean): ClockReading => ({
  wall: wallMs(wall),
  mono: monotonicMs(START + s * 1000),
  trusted,
});
const last = (known: KnownTime, ...readings: readonly ClockReading[]) => {
  let [state, time] = [known, timeOf(known, at(0, 0, false)).time];
  for (const reading of readings) ({ known: state, time } = timeOf(state, reading));
  return time;
};
const fresh = knownAtStart(START, null);
const confirmed = knownAtStart(START, wallMs(NOW));

describe('the time by which requests are judged', () => {
  test.each<[string, KnownTime, readonly ClockReading[], { now: number; started: number }]>([
    ['the clock, where it is trusted', fresh, [at(60, NOW, true)], { now: NOW, started: NOW - 60_000 }],
    ['the clock, where nothing else is known', fresh, [at(60, NOW, false)], { now: NOW, started: NOW - 60_000 }],
    [
      'after a start in 1970 the start was when it was, once the clock is right: older requests stay refused',
      fresh,
      [at(1, 1000, false), at(60, NOW, true)],
      { now: NOW, started: NOW - 60_000 },
    ],
    [
      'after a start far in the future nothing stays refused, once the clock is right',
      fresh,
      [at(1, NOW + 4 * YEAR, false), at(60, NOW, true)],
      { now: NOW, started: NOW - 60_000 },
    ],
    [
      'the same where the clock is right and not trusted yet',
      fresh,
      [at(1, NOW + 4 * YEAR, false), at(60, NOW, false)],
      { now: NOW, started: NOW - 60_000 },
    ],
    [
      'a clock that is set back goes on where it was',
      fresh,
      [at(1, NOW, true), at(61, NOW - HOUR, false)],
      { now: NOW + 60_000, started: NOW - 1000 },
    ],
    [
      'a clock that was set forward by mistake and comes back spoils nothing',
      fresh,
      [at(1, NOW, true), at(2, NOW + YEAR, false), at(61, NOW + 60_000, true)],
      { now: NOW + 60_000, started: NOW - 1000 },
    ],
    [
      'after a restart it is never before what the network has confirmed',
      confirmed,
      [at(10, 1000, false)],
      { now: NOW + 10_000, started: NOW },
    ],
  ])('%s', (_rule, known, readings, { now, started }) => {
    expect(last(known, ...readings)).toMatchObject({ nowMs: now, startedMs: started });
  });

  test('never goes back unless a trusted clock says so', () => {
    const reading = fc.record({ s: fc.nat(10_000), wall: fc.integer({ min: 0, max: NOW + YEAR }) });
    fc.assert(
      fc.property(fc.array(reading), (readings) => {
        const first = at(0, NOW, true);
        const untrusted = readings.map(({ s, wall }) => at(s, wall, false));
        expect(last(fresh, first, ...untrusted).nowMs).toBeGreaterThanOrEqual(NOW);
      }),
    );
  });
});
