import { expect, test } from 'vitest';
import { type LookAlikes, lookAlikes, PAIRS_MAX } from '../../src/doctor/judge/look-alikes.js';
import { judgeLookAlikes } from '../../src/doctor/judge/people.js';
import { encodeVector } from '../../src/kit/vector.js';
import type { Person } from '../../src/person/person.js';

const ENCODER = 'toy@000000000000';

/** Somebody whose face lies at this angle. */
const person = (id: string, angle: number, encoder = ENCODER): Person => ({
  id,
  name: id.toUpperCase(),
  language: null,
  greeting: null,
  groups: [],
  validFrom: null,
  validUntil: null,
  templates: [
    {
      encoder,
      vector: encodeVector(Float32Array.of(Math.cos(angle), Math.sin(angle))),
      quality: 1,
      added: '2026-01-01T00:00:00.000Z',
    },
  ],
  version: '0000000000001-0000-x',
  by: 'x',
});

function all(people: readonly Person[], threshold = 0.1): LookAlikes {
  let last: LookAlikes = { pairs: [], compared: 0, people: 0 };
  for (const looked of lookAlikes(people, ENCODER, threshold)) last = looked;
  return last;
}

test('finds each pair that is nearer than the threshold once', () => {
  const { pairs, compared, people } = all([person('ada', 0), person('bob', 1), person('eve', 0.1), person('ida', 1.1)]);
  expect(pairs.map(({ a, b }) => `${a.id} ${b.id}`)).toEqual(['ada eve', 'bob ida']);
  expect([compared, people]).toEqual([4, 4]);
});

test('does not compare what other encoders saw', () => {
  expect(all([person('ada', 0), person('eve', 0, 'other@000000000000')]).pairs).toEqual([]);
});

test('has an end with thousands who look alike', () => {
  expect(all(Array.from({ length: 200 }, (_, n) => person(`p${n}`, 0))).pairs).toHaveLength(PAIRS_MAX);
});

test('can be stopped, and says then how far it has come', () => {
  const [first] = lookAlikes([person('ada', 0), person('bob', 2), person('eve', 0)], ENCODER, 0.1);
  expect(first).toMatchObject({ compared: 1, people: 3, pairs: [{ a: { id: 'ada' }, b: { id: 'eve' } }] });
  const { result, text } = judgeLookAlikes({ pairs: [], compared: 1, people: 3 });
  expect([result, text]).toEqual(['ok', expect.stringMatching(/1 of 3 people/)]);
});

test('names some pairs, counts the others, and gives no numbers that say how near they are', () => {
  const found = judgeLookAlikes(all(Array.from({ length: 4 }, (_, n) => person(`p${n}`, 0))));
  expect(found).toMatchObject({ result: 'warning', advice: expect.stringMatching(/remove one/) });
  expect(found.text).toBe(
    'hard to tell apart: P0 (p0) and P1 (p1); P0 (p0) and P2 (p2); P0 (p0) and P3 (p3); P1 (p1) and P2 (p2); P1 (p1) and P3 (p3), and 1 more pairs',
  );
});
