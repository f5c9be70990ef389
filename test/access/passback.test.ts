import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Calendar } from '../../src/access/calendar.js';
import {
  lastReset,
  learned,
  misfitOf,
  type Passage,
  type PassbackRule,
  passageSchema,
  placed,
  sinceReset,
  type Whereabouts,
} from '../../src/access/passback.js';
import { wallMs } from '../../src/kit/clock.js';
import { FUTURE_MAX_MS } from '../../src/person/version.js';

const at = (text: string) => wallMs(Date.parse(text));
const berlin = new Calendar('Europe/Berlin');
const NOW = at('2026-06-02T08:00:00Z');
const NOBODY: Whereabouts = new Map();
const rule = (given: Partial<PassbackRule> = {}): PassbackRule => ({
  mode: 'hard',
  direction: 'in',
  resetAt: [4 * 60],
  ...given,
});
const inside = placed(NOBODY, 'ada', true, NOW, 'north').whereabouts;
const outside = placed(inside, 'ada', false, NOW, 'south').whereabouts;
const forgiven = placed(inside, 'ada', null, NOW, 'south').whereabouts;

describe('nobody comes in twice without going out', () => {
  test.each<[string, Partial<PassbackRule>, Whereabouts, boolean | undefined]>([
    ['who is inside may not come in', {}, inside, true],
    ['who is inside may go out', { direction: 'out' }, inside, undefined],
    ['who is outside may not go out', { direction: 'out' }, outside, true],
    ['who is outside may come in', {}, outside, undefined],
    ['of whom nothing is known may do either', {}, NOBODY, undefined],
    ['who was forgiven may come in', {}, forgiven, undefined],
    ['who was forgiven may go out', { direction: 'out' }, forgiven, undefined],
    ['in soft mode it is only told', { mode: 'soft' }, inside, false],
    ['switched off it is not looked at', { mode: 'off' }, inside, undefined],
  ])('%s', (_rule, given, whereabouts, refused) => {
    expect(misfitOf(rule(given), whereabouts.get('ada'), undefined)?.refused).toBe(refused);
  });

  test('the sentence says where he is, and since when', () => {
    expect(misfitOf(rule(), inside.get('ada'), undefined)).toEqual({
      refused: true,
      detail: 'this person is already inside',
      since: '2026-06-02T08:00:00.000Z',
    });
    expect(misfitOf(rule({ direction: 'out' }), outside.get('ada'), undefined)?.detail).toBe(
      'this person is already outside',
    );
  });

  test('what travels between gates is what the schema says', () => {
    const { passage } = placed(NOBODY, 'ada', true, NOW, 'north');
    expect(passageSchema.parse(JSON.parse(JSON.stringify(passage)))).toEqual(passage);
  });
});

describe('it is forgotten', () => {
  test.each<[string, number[], string, string | undefined]>([
    ['at the last of its times today', [240, 720], '2026-06-02T12:00:00Z', '2026-06-02T10:00:00.000Z'],
    ['at the last of yesterday’s before the first of today', [240], '2026-06-02T01:59:59Z', '2026-06-01T02:00:00.000Z'],
    ['exactly at the time', [240], '2026-06-02T02:00:00Z', '2026-06-02T02:00:00.000Z'],
    ['never without a time', [], '2026-06-02T12:00:00Z', undefined],
    [
      'right after the gap where the clock leaves the time out',
      [150],
      '2026-03-29T02:00:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
    ['at the first of two where the time comes twice', [150], '2026-10-25T03:00:00Z', '2026-10-25T00:30:00.000Z'],
  ])('%s', (_when, resetAt, now, reset) => {
    const found = lastReset(rule({ resetAt }), at(now), berlin);
    expect(found === undefined ? undefined : new Date(found).toISOString()).toBe(reset);
  });

  test('so that who is inside since before may come in, and who came in after may not', () => {
    const known = inside.get('ada');
    expect(misfitOf(rule(), known, wallMs(NOW + 1))).toBeUndefined();
    expect(misfitOf(rule(), known, NOW)?.refused).toBe(true);
  });

  test('and need not be kept on the disk', () => {
    expect(sinceReset(inside, wallMs(NOW + 1)).size).toBe(0);
    expect(sinceReset(inside, NOW)).toBe(inside);
    expect(sinceReset(inside, undefined)).toBe(inside);
  });
});

describe('gates of one site agree', () => {
  const passage = fc
    .tuple(fc.constantFrom('north', 'south', 'west'), fc.integer({ min: 0, max: 5000 }), fc.boolean())
    .map(([node, ms, isInside]): [string, Passage] => {
      const version = `${String(NOW - ms).padStart(13, '0')}-0000-${node}`;
      return ['ada', { inside: isInside, since: new Date(NOW - ms).toISOString(), version }];
    });

  test('whatever the order in which passages reach them, and however often', () => {
    const unique = fc.uniqueArray(passage, { selector: ([, one]) => one.version, minLength: 1, maxLength: 8 });
    const shuffled = unique.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
    );
    const heard = (all: readonly [string, Passage][]) =>
      all.reduce<Whereabouts>((known, [who, one]) => learned(known, who, one, NOW), NOBODY);
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(heard(other)).toEqual(heard(all));
      }),
    );
  });

  test('what a gate sees after it has heard another wins over that', () => {
    const early = placed(NOBODY, 'ada', true, wallMs(NOW + 60_000), 'north');
    const late = placed(early.whereabouts, 'ada', false, NOW, 'south');
    expect(learned(early.whereabouts, 'ada', late.passage, NOW).get('ada')?.inside).toBe(false);
    expect(learned(late.whereabouts, 'ada', early.passage, NOW)).toBe(late.whereabouts);
  });

  test('what is known already changes nothing', () => {
    const { whereabouts, passage: own } = placed(NOBODY, 'ada', true, NOW, 'north');
    expect(learned(whereabouts, 'ada', { ...own }, NOW)).toBe(whereabouts);
  });

  test('a passage from the future is set aside', () => {
    const { passage: odd } = placed(NOBODY, 'ada', true, wallMs(NOW + FUTURE_MAX_MS + 1), 'north');
    expect(learned(NOBODY, 'ada', odd, NOW)).toBe(NOBODY);
  });
});
