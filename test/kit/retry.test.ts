import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pauseMs, type RetryPlan } from '../../src/kit/retry.js';

const plan: RetryPlan = { firstMs: 500, factor: 2, maxMs: 30_000, jitter: 0.2 };

describe('pauses between tries', () => {
  test.each([
    ['the first is the shortest', 0, 0, 500],
    ['the next is twice as long', 1, 0, 1000],
    ['they grow up to the cap', 6, 0, 30_000],
    ['they stay at the cap for ever', 1_000_000, 0, 30_000],
    ['jitter takes at most its share away', 1, 1, 800],
  ])('%s', (_rule, attempt, random, expected) => {
    expect(pauseMs(plan, attempt, random)).toBe(expected);
  });

  test('lie between zero and the cap, and never shrink with the number of tries', () => {
    const plans = fc.record({
      firstMs: fc.integer({ min: 0, max: 60_000 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      maxMs: fc.integer({ min: 0, max: 3_600_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(plans, fc.nat({ max: 10_000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (any, n, random) => {
        const pause = pauseMs(any, n, random);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(any.maxMs);
        expect(pauseMs(any, n + 1, random)).toBeGreaterThanOrEqual(pause);
      }),
    );
  });
});
