import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wallMs } from '../../src/kit/clock.js';
import {
  isVoid,
  lastReset,
  newPassage,
  type Passage,
  type PassbackRule,
  passageSchema,
  supersedes,
  violationOf,
} from '../../src/passback/passback.js';
import { FUTURE_MAX_MS } from '../../src/person/version.js';
import { Calendar } from '../../src/schedule/calendar.js';

const at = (text: string) => wallMs(Date.parse(text));
const berlin = new Calendar('Europe/Berlin');
const NOW = at('2026-06-02T08:00:00Z');
const rule = (given: Partial<PassbackRule> = {}): PassbackRule => ({
  mode: 'hard',
  direction: 'in',
  resetAt: [4 * 60],
  ...given,
});
const inside = newPassage(true, NOW, 'north', null);
const outside = newPassage(false, NOW, 'south', inside.version);
const forgiven = newPassage(null, NOW, 'south', inside.version);

describe('nobody comes in twice without going out', () => {
  test.each<[string, Partial<PassbackRule>, Passage | undefined, boolean | undefined]>([
    ['a person who is inside may not come in', {}, inside, true],
    ['a person who is inside may go out', { direction: 'out' }, inside, undefined],
    ['a person who is outside may not go out', { direction: 'out' }, outside, true],
    ['a person who is outside may come in', {}, outside, undefined],
    ['a person of whom nothing is known may do either', {}, undefined, undefined],
    ['a person who was forgiven may come in', {}, forgiven, undefined],
    ['a person who was forgiven may go out', { direction: 'out' }, forgiven, undefined],
    ['in soft mode a violation is only reported', { mode: 'soft' }, inside, false],
    ['switched off nothing is checked', { mode: 'off' }, inside, undefined],
  ])('%s', (_rule, given, known, refused) => {
    expect(violationOf(rule(given), known, undefined)?.refused).toBe(refused);
  });

  test('the sentence says where the person is, and since when', () => {
    expect(violationOf(rule(), inside, undefined)).toEqual({
      refused: true,
      detail: 'this person is already inside',
      since: '2026-06-02T08:00:00.000Z',
    });
    expect(violationOf(rule({ direction: 'out' }), outside, undefined)?.detail).toBe('this person is already outside');
  });

  test('what travels between gates is what the schema says', () => {
    expect(passageSchema.parse(JSON.parse(JSON.stringify(inside)))).toEqual(inside);
  });
});

describe('where people are is forgotten', () => {
  test.each<[string, number[], string, string | undefined]>([
    ['at the latest of the reset times today', [240, 720], '2026-06-02T12:00:00Z', '2026-06-02T10:00:00.000Z'],
    [
      'at the latest of yesterday’s before the first of today',
      [240],
      '2026-06-02T01:59:59Z',
      '2026-06-01T02:00:00.000Z',
    ],
    ['exactly at the reset time', [240], '2026-06-02T02:00:00Z', '2026-06-02T02:00:00.000Z'],
    ['never without a reset time', [], '2026-06-02T12:00:00Z', undefined],
    ['right after the gap if the clock leaves the time out', [150], '2026-03-29T02:00:00Z', '2026-03-29T01:00:00.000Z'],
    ['at the first of two if the time comes twice', [150], '2026-10-25T03:00:00Z', '2026-10-25T00:30:00.000Z'],
  ])('%s', (_when, resetAt, now, reset) => {
    const found = lastReset(rule({ resetAt }), at(now), berlin);
    expect(found === undefined ? undefined : new Date(found).toISOString()).toBe(reset);
  });

  test('so that a person who has been inside since before may come in, and one who came in after may not', () => {
    expect(violationOf(rule(), inside, wallMs(NOW + 1))).toBeUndefined();
    expect(violationOf(rule(), inside, NOW)?.refused).toBe(true);
  });

  test('and need not be kept on the disk', () => {
    expect(isVoid(inside, wallMs(NOW + 1))).toBe(true);
    expect(isVoid(inside, NOW)).toBe(false);
    expect(isVoid(inside, undefined)).toBe(false);
  });
});

describe('gates of one site agree', () => {
  const passage = fc
    .tuple(fc.constantFrom('north', 'south', 'west'), fc.integer({ min: 0, max: 5000 }), fc.boolean())
    .map(([node, ms, isInside]): Passage => {
      const version = `${String(NOW - ms).padStart(13, '0')}-0000-${node}`;
      return { inside: isInside, since: new Date(NOW - ms).toISOString(), version };
    });

  test('whatever the order in which passages reach them, and however often', () => {
    const unique = fc.uniqueArray(passage, { selector: (one) => one.version, minLength: 1, maxLength: 8 });
    const shuffled = unique.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
    );
    const result = (all: readonly Passage[]) =>
      all.reduce<Passage | undefined>((known, one) => (supersedes(one, known, NOW) ? one : known), undefined);
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(result(other)).toEqual(result(all));
      }),
    );
  });

  test('what a gate sees after it received another gate’s passage wins over that', () => {
    const early = newPassage(true, wallMs(NOW + 60_000), 'north', null);
    const late = newPassage(false, NOW, 'south', early.version);
    expect(supersedes(late, early, NOW)).toBe(true);
    expect(supersedes(early, late, NOW)).toBe(false);
  });

  test('what is known already changes nothing', () => {
    expect(supersedes({ ...inside }, inside, NOW)).toBe(false);
  });

  test('a passage from the future is set aside', () => {
    expect(supersedes(newPassage(true, wallMs(NOW + FUTURE_MAX_MS + 1), 'north', null), undefined, NOW)).toBe(false);
  });
});
