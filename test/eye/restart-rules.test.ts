import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import {
  afterDeath,
  type EyeLife,
  newLife,
  noteMessage,
  type SupervisionPlan,
  supervisionPlan,
  whyImpossible,
  whyKill,
} from '../../src/eye/restart-rules.js';
import { monotonicMs } from '../../src/kit/clock.js';

const PLAN: SupervisionPlan = {
  hangMs: 4000,
  busyMs: 10_000,
  answerMs: 20_000,
  startMs: 60_000,
  messagesPerSecondMax: 100,
  facesPerSecondMax: 50,
  retry: { firstMs: 500, factor: 2, maxMs: 8000, jitter: 0 },
  wellMs: 60_000,
};
const at = monotonicMs;
const life = (change: Partial<EyeLife> = {}): EyeLife => ({ ...newLife(at(0)), ...change });

test.each<[string, number, number, boolean]>([
  ['measured a moment ago is believed', 900, 990, true],
  ['measured right now, by a clock that reads a little later, is believed', 1000, 1050, true],
  ['measured before it was taken is not', 991, 990, false],
  ['from the future is not: it would stay fresh for ever', 1e12, 1e12, false],
])('a frame %s', (_what, takenMs, measuredMs, believed) => {
  expect(whyImpossible({ takenMs, measuredMs }, at(1000)) === undefined).toBe(believed);
});

test('faces are counted within a second, over all frames', () => {
  const seen = [0, 300, 600, 1000].reduce((one, now) => noteMessage(one, at(now), 0, 16), newLife(at(0)));
  expect(seen.facesInWindow).toBe(16);
  expect(noteMessage(noteMessage(newLife(at(0)), at(0), 0, 16), at(999), 0, 16).facesInWindow).toBe(32);
});

describe('when the gate gives up on an eye', () => {
  test.each<[string, EyeLife, number, string | undefined]>([
    ['it may take a minute to load', life(), 60_000, undefined],
    ['after more than a minute of loading it is given up', life(), 60_001, 'it was not ready after 60 s'],
    ['a sign of life is enough for four seconds', life({ lastMessageMs: at(1000) }), 5000, undefined],
    [
      'after more than four seconds without one it is given up',
      life({ lastMessageMs: at(1000) }),
      5001,
      'it gave no sign of life for 4 s',
    ],
    ['ten seconds at one picture are allowed', life({ lastMessageMs: at(0), busyMs: 10_000 }), 0, undefined],
    [
      'more than ten seconds at one picture are a hang, although signs of life still come',
      life({ lastMessageMs: at(0), busyMs: 12_400 }),
      0,
      'it has been at one picture for 12 s',
    ],
    ['a hundred messages a second are allowed', life({ lastMessageMs: at(0), inWindow: 100 }), 0, undefined],
    [
      'more than a hundred messages a second are a flood',
      life({ lastMessageMs: at(0), inWindow: 101 }),
      0,
      'it sent more than 100 messages within a second',
    ],
    ['fifty faces a second are allowed', life({ lastMessageMs: at(0), facesInWindow: 50 }), 0, undefined],
    [
      'more than fifty faces a second are a flood, however few messages they come in',
      life({ lastMessageMs: at(0), inWindow: 4, facesInWindow: 51 }),
      0,
      'it sent more than 50 faces within a second',
    ],
  ])('%s', (_rule, any, now, why) => {
    expect(whyKill(any, PLAN, at(now))).toBe(why);
  });

  test('an eye that sends in time and not too often is never given up', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 11, max: 4000 }), { maxLength: 500 }), (gaps) => {
        let now = 0;
        let one = newLife(at(0));
        for (const gap of gaps) {
          now += gap;
          expect(whyKill(one, PLAN, at(now))).toBeUndefined();
          one = noteMessage(one, at(now));
          expect(whyKill(one, PLAN, at(now))).toBeUndefined();
        }
      }),
    );
  });

  test('an eye that sends twice what is allowed is caught within two seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), (start) => {
        let one = newLife(at(0));
        let caught: number | undefined;
        for (let now = start; now < start + 2000 && caught === undefined; now += 5) {
          one = noteMessage(one, at(now));
          if (whyKill(one, PLAN, at(now))) caught = now;
        }
        expect(caught).toBeDefined();
      }),
    );
  });
});

describe('the pause before the next eye', () => {
  test('grows with each eye that dies early, up to the longest; after one that ran for a minute it is short again', () => {
    let failures = 0;
    const waits = [10, 10, 10, 10, 10, 10, 59_999, 60_000, 10].map((livedMs) => {
      const next = afterDeath(newLife(at(1000)), failures, PLAN, at(1000 + livedMs), 0);
      failures = next.failures;
      return next.waitMs;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000, 500, 1000]);
  });
});

test('the plan of the default configuration allows a fast camera and notices a hang within seconds', () => {
  const plan = supervisionPlan(defaultConfig.eye);
  expect(plan.messagesPerSecondMax).toBeGreaterThan(120);
  expect(plan.hangMs).toBeGreaterThan(1000);
  expect(plan.hangMs).toBeLessThanOrEqual(10_000);
  expect(plan.retry.maxMs).toBe(defaultConfig.eye.restart.maxMs);
});

test('a slow processor may be given more time for a picture and for the start', () => {
  const plan = supervisionPlan({ ...defaultConfig.eye, busyMs: 90_000, startMs: 300_000 });
  expect(plan.answerMs).toBeGreaterThan(plan.busyMs);
  const life = noteMessage(newLife(at(0)), at(100_000), 60_000);
  expect(whyKill(life, plan, at(100_001))).toBeUndefined();
  expect(whyKill(life, supervisionPlan(defaultConfig.eye), at(100_001))).toMatch(/at one picture for 60 s/);
  expect(whyKill(newLife(at(0)), plan, at(299_999))).toBeUndefined();
  expect(whyKill(newLife(at(0)), plan, at(300_001))).toMatch(/not ready after 300 s/);
});
