import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINES_MAX, lineOf, MARKS_MAX, RefusedRequests } from '../../../src/site/requests/refused-requests.js';

const NOW = Date.UTC(2026, 10, 24, 9);
const MINUTE = 60_000;
const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const OPEN = lineOf('key:guard', 'open');
const made = (n: number, madeMs: number) => ({ id: idOf(n), madeMs });
const marksOf = (refused: RefusedRequests, line = OPEN) => new Map(refused.all).get(line) ?? [];

test('one that was refused, and none beside it, not even of the same millisecond', () => {
  const refused = new RefusedRequests();
  refused.add(OPEN, { id: 'ABCDEF00-5a4b-4c3d-8e2f-1a0b9c8d7e6f', madeMs: NOW }, NOW);
  expect(refused.find(OPEN, { id: 'abcdef00-5A4B-4c3d-8e2f-1a0b9c8d7e6f', madeMs: NOW })).toBeDefined();
  expect(refused.find(OPEN, made(2, NOW))).toBeUndefined();
  expect(refused.find(lineOf('key:guard', 'lock'), made(1, NOW))).toBeUndefined();
});

test('verbs that nobody knows are one line', () => {
  expect(lineOf('key:guard', 'fly')).toBe(lineOf('key:guard', 'toString'));
});

const NEAR_NOW = fc.integer({ min: NOW - 10 * MINUTE, max: NOW + 10 * MINUTE });
const ANY_TIME = fc.oneof(NEAR_NOW, fc.integer({ min: 0, max: Date.UTC(2099, 0, 1) }));

describe('however many there are of a line', () => {
  test('none of them is ever new, as it is or after a restart; other lines and what was made later are not touched', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ANY_TIME, ANY_TIME), { minLength: 40, maxLength: 150 }), (all) => {
        const refused = new RefusedRequests();
        for (const [n, [madeMs, nowMs]] of all.entries()) refused.add(OPEN, made(n, madeMs), nowMs);
        const again = new RefusedRequests(refused.all);
        for (const [n, [madeMs]] of all.entries())
          for (const one of [refused, again]) expect(one.find(OPEN, made(n, madeMs))).toBeDefined();
        expect(marksOf(refused).length).toBeLessThanOrEqual(MARKS_MAX);
        const times = all.map(([madeMs]) => madeMs);
        expect(refused.find(OPEN, made(1_000, Math.max(...times) + 1))).toBeUndefined();
        expect(refused.find(lineOf('key:office', 'open'), made(1_000, times[0] ?? 0))).toBeUndefined();
      }),
    );
  });

  test('a device whose clock is ahead bars nothing of now, and one of 2099 nothing before', () => {
    const refused = new RefusedRequests();
    let now = NOW;
    for (let n = 0; n < 500; n++) {
      now += 1_000;
      refused.add(OPEN, made(3 * n, now), now);
      refused.add(OPEN, made(3 * n + 1, now + 280_000), now);
      refused.add(OPEN, made(3 * n + 2, Date.UTC(2099, 0, 1) + n), now);
      // Until the clock has come to what the device has asked: that one sends too much that is wrong.
      if (n < 270) expect(refused.find(OPEN, made(9_999, now + 1))).toBeUndefined();
    }
    expect(refused.find(OPEN, made(9_999, now + 290_000))).toBeUndefined();
    expect(refused.find(OPEN, made(9_999, Date.UTC(2098, 0, 1)))).toBeUndefined();
  });

  test('what has expired is summed up first', () => {
    const refused = new RefusedRequests();
    for (let n = 0; n < 20; n++) refused.add(OPEN, made(n, NOW - 86_400_000 - n * 3_600_000), NOW);
    for (let n = 20; n < 45; n++) refused.add(OPEN, made(n, NOW - n), NOW);
    expect(
      marksOf(refused)
        .filter(({ from }) => from > NOW - MINUTE)
        .map(({ id }) => id),
    ).not.toContain(undefined);
    expect(refused.find(OPEN, made(9_999, NOW - 30))).toBeUndefined();
  });
});

test('there are as many lines as a list of keys has keys and verbs; then the one goes that nothing was added to for longest', () => {
  const refused = new RefusedRequests();
  for (let n = 0; n < LINES_MAX; n++) refused.add(lineOf(`key:${n}`, 'open'), made(n, NOW), NOW);
  refused.add(lineOf('key:0', 'open'), made(LINES_MAX, NOW), NOW);
  refused.add(OPEN, made(1, NOW), NOW);
  expect([...refused.all]).toHaveLength(LINES_MAX);
  expect(marksOf(refused, lineOf('key:0', 'open'))).toHaveLength(2);
  expect(marksOf(refused, lineOf('key:1', 'open'))).toHaveLength(0);
});
