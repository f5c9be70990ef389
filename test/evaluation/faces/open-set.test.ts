import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorsAt } from '../../../src/evaluation/charts/curves.js';
import {
  type Draw,
  drawOpenSet,
  gatherByPerson,
  largestGallery,
  openSetFigures,
  type PersonPhotos,
  thresholdsOfAcceptance,
} from '../../../src/evaluation/faces/open-set.js';
import { seeded } from '../../../src/kit/seeded-random.js';
import { apart, direction, ENCODER } from '../../person/sample.js';

/** A person by the angles of their photos; null: no face on it. */
const person = (name: string, ...angles: readonly (number | null)[]): PersonPhotos => ({
  person: name,
  photos: angles.map((angle) => (angle === null ? undefined : direction(angle))),
});
const play = (people: readonly PersonPhotos[], gallerySize: number, seed = 1): Draw =>
  drawOpenSet(people, gallerySize, ENCODER, seeded(seed));
const judged = (draw: Draw, threshold: number, margin = 0) => openSetFigures([draw], { threshold, margin }, seeded(1));

describe('a gallery drawn from a set of photos', () => {
  test('photos are gathered by person', () => {
    const a = direction(0);
    const gathered = gatherByPerson([
      { person: 'ada', embedding: a },
      { person: 'grace', embedding: undefined },
      { person: 'ada', embedding: undefined },
    ]);
    expect(gathered).toEqual([
      { person: 'ada', photos: [a, undefined] },
      { person: 'grace', photos: [undefined] },
    ]);
  });

  test.each([
    ['nobody has two photos', [person('a', 0), person('b', 1)], 0],
    ['one of two people has two photos', [person('a', 0, 0), person('b', 1)], 1],
    ['all people have two photos: one is left as a stranger', [person('a', 0, 0), person('b', 1, 1)], 1],
    ['there is only one person', [person('a', 0, 0)], 0],
    ['the set is empty', [], 0],
  ])('how large it may be when %s', (_when, people, largest) => {
    expect(largestGallery(people)).toBe(largest);
  });

  test('one photo of each person is enrolled, their other photos are tried, and all other people are strangers', () => {
    const draw = play([person('ada', 0, 0.1, 0.2), person('grace', 2), person('joan', 3)], 1);
    expect(draw.own.map((trial) => trial.person)).toEqual(['ada', 'ada']);
    expect(draw.strangers.map((trial) => trial.person)).toEqual(['grace', 'joan']);
    for (const { ranking } of draw.own) expect(ranking?.best).toMatchObject({ id: 'ada' });
    expect(judged(draw, 0.1)).toMatchObject({ fpir: { rate: 0, n: 2 }, fnir: { rate: 0, n: 2 } });
  });

  test('what is enrolled of a photo is its template; what is tried is its embedding', () => {
    const [photo, template] = [direction(1), direction(0)];
    const ada = gatherByPerson([
      { person: 'ada', embedding: photo, template },
      { person: 'ada', embedding: photo, template },
    ]);
    const draw = drawOpenSet([...ada, person('grace', 2)], 1, ENCODER, seeded(1));
    expect(draw.own[0]?.ranking?.best?.distance).toBeCloseTo(apart(1));
  });

  test('where no face is found on the first photo another one is enrolled, as an installer would', () => {
    for (let seed = 0; seed < 20; seed++) {
      const draw = play([person('ada', null, null, 0), person('grace', 2)], 1, seed);
      expect(draw.failedToEnrol).toBe(0);
      expect(judged(draw, 0.5)).toMatchObject({ fnir: { rate: 1, n: 2 }, missed: { noFace: 2 } });
    }
  });

  test('a person without a face on any photo cannot be enrolled: that is counted, and their photos count as missed', () => {
    const draw = play([person('ada', null, null), person('grace', 2)], 1);
    expect(judged(draw, 4)).toMatchObject({
      failedToEnrol: 1,
      fnir: { rate: 1, n: 1 },
      missed: { noFace: 1, nobody: 0 },
      fpir: { rate: 0, n: 1 },
    });
  });
});

describe('what counts as an error', () => {
  const ada = person('ada', 0, 0.2);
  const grace = person('grace', 0.5, 0.7);
  // The stranger is as far from the one as from the other.
  const strangers = [person('stranger', 3.49), person('unseen', null)];
  test.each([
    ['all are told apart', 0.1, 0, { fpir: 0, fnir: 0, misidentified: 0 }],
    ['a threshold of 0 refuses all', 0, 0, { fpir: 0, fnir: 1, misidentified: 0 }],
    [
      'a stranger passes a wide threshold, a photo without a face never does',
      4,
      0,
      { fpir: 0.5, fnir: 0, misidentified: 0 },
    ],
    ['a photo nearly as near to a second person is refused', 4, 0.6, { fpir: 0, fnir: 1, misidentified: 0 }],
  ])('%s', (_rule, threshold, margin, { fpir, fnir, misidentified }) => {
    const figures = judged(play([ada, grace, ...strangers], 2), threshold, margin);
    expect(figures.fpir).toMatchObject({ rate: fpir, n: 2 });
    expect(figures.fnir).toMatchObject({ rate: fnir, n: 2 });
    expect(figures.misidentified).toMatchObject({ rate: misidentified, n: 2 });
  });

  test('a photo taken for another person counts as missed and as misidentified', () => {
    // Each one's photos stand on both sides of the other's.
    const figures = judged(play([person('ada', 0, 2), person('grace', 2, 0), ...strangers], 2, 3), 4);
    expect(figures.missed.misidentified).toBe(Math.round(figures.misidentified.rate * 2));
    expect(figures.fnir.rate).toBe(figures.misidentified.rate);
    const seeds = Array.from({ length: 20 }, (_, seed) =>
      judged(play([person('ada', 0, 2), person('grace', 2, 0), ...strangers], 2, seed), 4),
    );
    expect(seeds.some(({ misidentified }) => misidentified.rate === 1)).toBe(true);
  });
});

const angles = fc.array(fc.option(fc.double({ min: 0, max: 3, noNaN: true }), { freq: 6 }), {
  minLength: 1,
  maxLength: 5,
});
const sets = fc
  .array(angles, { minLength: 3, maxLength: 12 })
  .map((rows) => rows.map((row, i) => person(`p${i}`, ...row)))
  .filter((people) => largestGallery(people) >= 1)
  .chain((people) =>
    fc.record({
      people: fc.constant(people),
      gallerySize: fc.integer({ min: 1, max: largestGallery(people) }),
      seed: fc.integer({ min: 0, max: 1e6 }),
    }),
  );
const limits = fc.double({ min: 0, max: 4, noNaN: true });

describe('for any set of photos', () => {
  test('no person is both in the gallery and a stranger, and each photo that is not enrolled is shown once', () => {
    fc.assert(
      fc.property(sets, ({ people, gallerySize, seed }) => {
        const { own, strangers, failedToEnrol } = play(people, gallerySize, seed);
        const inside = new Set(own.map((trial) => trial.person));
        for (const trial of strangers) expect(inside.has(trial.person)).toBe(false);
        expect(inside.size).toBe(gallerySize);
        expect(strangers.length).toBeGreaterThan(0);
        expect(failedToEnrol).toBeLessThanOrEqual(gallerySize);
        const photos = people.reduce((sum, one) => sum + one.photos.length, 0);
        expect(own.length + strangers.length).toBe(photos - gallerySize);
        for (const { ranking } of [...own, ...strangers])
          for (const found of [ranking?.best, ranking?.second]) if (found) expect(inside.has(found.id)).toBe(true);
      }),
    );
  });

  test('the same seed gives the same figures', () => {
    fc.assert(
      fc.property(sets, limits, ({ people, gallerySize, seed }, threshold) => {
        const figures = () => judged(play(people, gallerySize, seed), threshold, 0.1);
        expect(figures()).toEqual(figures());
      }),
      { numRuns: 30 },
    );
  });

  test('a wider threshold never lets in fewer strangers, nor misses more people', () => {
    fc.assert(
      fc.property(sets, limits, limits, limits, ({ people, gallerySize, seed }, a, b, margin) => {
        const draw = play(people, gallerySize, seed);
        const [strict, wide] = [Math.min(a, b), Math.max(a, b)].map((threshold) => judged(draw, threshold, margin));
        expect(wide?.fpir.rate).toBeGreaterThanOrEqual(strict?.fpir.rate ?? 0);
        expect(wide?.fnir.rate).toBeLessThanOrEqual(strict?.fnir.rate ?? 1);
      }),
      { numRuns: 50 },
    );
  });

  test('a missed photo has one reason, and the intervals hold the rates', () => {
    fc.assert(
      fc.property(sets, limits, limits, ({ people, gallerySize, seed }, threshold, margin) => {
        const { fpir, fnir, misidentified, missed } = judged(play(people, gallerySize, seed), threshold, margin);
        const reasons = missed.noFace + missed.nobody + missed.ambiguous + missed.misidentified;
        expect(fnir.rate * fnir.n).toBeCloseTo(reasons, 9);
        for (const { rate, low, high } of [fpir, fnir, misidentified]) {
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(rate + 1e-12);
          expect(high).toBeGreaterThanOrEqual(rate - 1e-12);
          expect(high).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('the curve of both errors passes through the figures', () => {
    fc.assert(
      fc.property(sets, limits, limits, ({ people, gallerySize, seed }, threshold, margin) => {
        const draw = play(people, gallerySize, seed);
        const { strangers, own } = thresholdsOfAcceptance([draw], margin);
        const point = errorsAt(
          threshold,
          { from: strangers, total: draw.strangers.length },
          { from: own, total: draw.own.length },
        );
        const { fpir, fnir } = judged(draw, threshold, margin);
        expect(point.falseMatch).toBeCloseTo(fpir.rate, 12);
        expect(point.falseNonMatch).toBeCloseTo(fnir.rate, 12);
      }),
    );
  });
});
