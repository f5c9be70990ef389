import { describe, expect, test } from 'vitest';
import type { PersonPhotos } from '../../../src/evaluation/faces/open-set.js';
import { stricter, visitFactors } from '../../../src/evaluation/faces/visit-factors.js';
import { apart, direction } from '../../person/sample.js';

const person = (name: string, ...angles: readonly (number | undefined)[]): PersonPhotos => ({
  person: name,
  photos: angles.map((angle) => (angle === undefined ? undefined : direction(angle))),
});
/** Ten people with one photo, one behind the other, whom nobody but the visitors comes near. */
const crowd = Array.from({ length: 10 }, (_, i) => person(`crowd ${i}`, 0.001 * i));

describe('what a visit is worth in single photos', () => {
  test('frames that are all alike decide once, however many there are', () => {
    expect(visitFactors([...crowd, person('eve', 0.1, 0.1, 0.1)], apart(0.2))).toEqual({ '1': 1, '2': 1, '3': 1 });
  });

  test('the nearest of all means counts, from the fewest frames on', () => {
    // Near is the first photo of eve alone, of mallory the mean of two, of trudy that of three, of oscar none. They are
    // enrolled too, far from each other and from the crowd.
    const far = (name: string, ...angles: number[]): PersonPhotos => {
      const { photos, ...one } = person(name, ...angles);
      return { ...one, photos, templates: new Map([[photos[0] as Float32Array, direction(2.5)]]) };
    };
    const visitors = [
      far('eve', 0.1, 0.1, 0.1),
      far('mallory', 0.3, 0.06, 0.6),
      far('trudy', -0.5, -0.3, 0.28),
      far('oscar', -1, -1, -1),
    ];
    expect(visitFactors([...crowd, ...visitors], apart(0.2))).toEqual({ '1': 3, '2': 3, '3': 2 });
  });

  test('photos without a face and people with two photos do not count', () => {
    const few = [person('eve', undefined, 0.1, 0.1, 0.1), person('mallory', 0.3, 0.1)];
    expect(visitFactors([...crowd, ...few], apart(0.2))).toEqual({ '1': 1, '2': 1, '3': 1 });
  });

  test('too few matches say nothing', () => {
    expect(visitFactors([...crowd.slice(1), person('eve', 0.1, 0.1, 0.1)], apart(0.2))).toBeUndefined();
  });

  test('a site never gets a looser one than the release', () => {
    const own = { '1': 1.2, '2': 2.5, '3': 1 };
    expect(stricter(own, { '1': 2, '2': 1.7, '3': 1.5 })).toEqual({ '1': 2, '2': 2.5, '3': 1.5 });
    expect(stricter(own, undefined)).toEqual(own);
  });
});
