import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ForgottenRequests, SPANS_MAX } from '../../../src/site/requests/forgotten-requests.js';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 24, 8);

test('what was forgotten may be among what expires then or shortly before, and nothing else', () => {
  const forgotten = new ForgottenRequests([NOW + 2 * MINUTE]);
  expect([0, 2, 3, 5].map((minutes) => forgotten.mayHold(NOW + minutes * MINUTE))).toEqual([true, true, false, false]);
  expect(forgotten.mayHold(NOW - 1)).toBe(false);
});

test('times far ahead refuse nothing that is timely now', () => {
  const forgotten = new ForgottenRequests([Date.UTC(2099, 0, 1)]);
  forgotten.isNow(NOW);
  expect(forgotten.mayHold(NOW + MINUTE)).toBe(false);
});

test('of more than a day the oldest are kept as one, and even those of a clock far ahead refuse for ten minutes only', () => {
  const ahead = Date.UTC(2099, 0, 1);
  const forgotten = new ForgottenRequests(Array.from({ length: SPANS_MAX + 1 }, (_, n) => ahead + n * 5 * MINUTE));
  expect(forgotten.untilMs).toBe(ahead);
  expect([...forgotten.latest()]).toHaveLength(SPANS_MAX);
  forgotten.isNow(NOW);
  expect([9, 11].map((minutes) => forgotten.mayHold(NOW + minutes * MINUTE))).toEqual([true, false]);
});

test('none that was forgotten is ever new, as it is or after a restart', () => {
  const times = fc.array(fc.integer({ min: NOW - 3 * 86_400_000, max: NOW + 3 * 86_400_000 }), { maxLength: 600 });
  fc.assert(
    fc.property(times, (all) => {
      const forgotten = new ForgottenRequests();
      for (const ms of all) forgotten.add(ms);
      const again = new ForgottenRequests(forgotten.latest(), forgotten.untilMs);
      expect(all.every((ms) => forgotten.mayHold(ms) && again.mayHold(ms))).toBe(true);
    }),
  );
});
