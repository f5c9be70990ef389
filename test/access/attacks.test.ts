import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AttackAlarmReport,
  type AttackRule,
  type Attacks,
  endAlarm,
  extraProofMs,
  NO_ATTACKS,
  noteAttempt,
  RECENT_MAX,
} from '../../src/access/attacks.js';
import { monotonicMs } from '../../src/kit/clock.js';

const RULE: AttackRule = {
  alarmAfter: 3,
  withinMs: 100_000,
  personAfter: 2,
  personWithinMs: 60_000,
  personExtraMs: 1000,
};

/** Attempts at these times, and whom they showed. */
function attempts(shown: readonly (readonly [ms: number, person?: string])[], rule = RULE, before = NO_ATTACKS) {
  let attacks: Attacks = before;
  const reports: AttackAlarmReport[] = [];
  for (const [ms, person = null] of shown) {
    const next = noteAttempt(attacks, { atMs: monotonicMs(ms), person }, rule);
    attacks = next.attacks;
    if (next.report) reports.push(next.report);
  }
  return { attacks, reports };
}
const phases = (reports: readonly AttackAlarmReport[]) => reports.map(({ phase, attempts: times }) => [phase, times]);

describe('the attack alarm', () => {
  test.each<[string, (readonly [number, string?])[], unknown[]]>([
    ['does not come for fewer', [[0], [1000]], []],
    ['begins with the number within the time', [[0], [1000], [2000]], [['begins', 3]]],
    ['does not count those of long ago', [[0], [1000], [101_000]], []],
    ['is not repeated with each', [[0], [1], [2], [3], [4], [50_000]], [['begins', 3]]],
    [
      'goes on once a minute at most',
      [[0], [1], [2], [30_000], [60_002], [61_000]],
      [
        ['begins', 3],
        ['goes-on', 5],
      ],
    ],
    ['counts nothing at NaN', [[Number.NaN], [0], [1], [Number.NaN]], []],
  ])('%s', (_what, shown, expected) => expect(phases(attempts(shown).reports)).toEqual(expected));

  test('ends when there was none for a while, and can begin anew', () => {
    const { attacks } = attempts([[0], [1], [2], [3]]);
    const end = (ms: number) => endAlarm(attacks, monotonicMs(ms), RULE);
    expect([100_002, Number.NaN].map((ms) => end(ms))).toEqual([
      { attacks, report: undefined },
      { attacks, report: undefined },
    ]);
    const over = end(100_003);
    expect(over.report).toMatchObject({ phase: 'ends', attempts: 4 });
    expect(endAlarm(over.attacks, monotonicMs(200_000), RULE).report).toBeUndefined();
    expect(phases(attempts([[200_000], [200_001], [200_002]], RULE, over.attacks).reports)).toEqual([['begins', 3]]);
  });

  test('0 never raises it', () =>
    expect(attempts([[0], [1], [2], [3]], { ...RULE, alarmAfter: 0 }).reports).toEqual([]));

  test.each<[string, (readonly [number, string?])[], string | null]>([
    ['whom at least half of them showed', [[0, 'ada'], [1], [2, 'ada']], 'ada'],
    [
      'nobody when each shows another',
      [
        [0, 'ada'],
        [1, 'bob'],
        [2, 'eve'],
      ],
      null,
    ],
    ['nobody when they show nobody', [[0], [1], [2]], null],
  ])('names %s', (_what, shown, person) => expect(attempts(shown).reports).toMatchObject([{ person }]));
});

describe('a person who is shown again and again', () => {
  const { attacks } = attempts([
    [0, 'ada'],
    [1000, 'bob'],
    [2000, 'ada'],
  ]);
  test.each([
    ['has to look alive for longer', 'ada', 2000, 1000],
    ['no longer than a minute after', 'ada', 60_000, 0],
    ['while others do not', 'bob', 2000, 0],
    ['nor those who were not shown', 'eve', 2000, 0],
    ['nor at NaN', 'ada', Number.NaN, 0],
  ])('%s', (_what, person, ms, expected) =>
    expect(extraProofMs(attacks, person, monotonicMs(ms), RULE)).toBe(expected),
  );

  test('0 never asks for more', () =>
    expect(extraProofMs(attacks, 'ada', monotonicMs(2000), { ...RULE, personAfter: 0 })).toBe(0));
});

test('whatever happens: bounded memory, never more extra time than configured, at most one report a minute', () => {
  const shown = fc.tuple(
    fc.oneof(fc.integer({ min: -5000, max: 30_000 }), fc.constant(Number.NaN)),
    fc.constantFrom('ada', 'bob', undefined),
  );
  fc.assert(
    fc.property(fc.array(shown, { maxLength: 300 }), (steps) => {
      let [attacks, ms, lastMs] = [NO_ATTACKS, 0, Number.NEGATIVE_INFINITY];
      for (const [step, person = null] of steps) {
        if (Number.isFinite(step)) ms += Math.max(0, step);
        const atMs = monotonicMs(Number.isFinite(step) ? ms : Number.NaN);
        const next = noteAttempt(attacks, { atMs, person }, RULE);
        attacks = next.attacks;
        expect(attacks.recent.length).toBeLessThanOrEqual(RECENT_MAX);
        expect(extraProofMs(attacks, 'ada', atMs, RULE)).toBeLessThanOrEqual(RULE.personExtraMs);
        if (!next.report) continue;
        expect(ms - lastMs).toBeGreaterThanOrEqual(60_000);
        lastMs = ms;
      }
    }),
  );
});
