import { describe, expect, test } from 'vitest';
import { drawGallery, type PersonPhotos } from '../../../src/evaluation/faces/open-set.js';
import { type PhotoApproachRule, photoApproaches } from '../../../src/evaluation/faces/photo-approaches.js';
import { seeded } from '../../../src/kit/seeded-random.js';
import { Gallery } from '../../../src/person/gallery.js';
import { apart, direction, ENCODER, someone } from '../../person/sample.js';

const person = (name: string, ...angles: readonly (number | null)[]): PersonPhotos => ({
  person: name,
  photos: angles.map((angle) => (angle === null ? undefined : direction(angle))),
});
const RULE: PhotoApproachRule = { frames: 3, agree: 2, threshold: apart(0.3), margin: 0, newestSlack: 0.3 };
/** Ada is enrolled, with any of her photos. */
const figures = (ada: PersonPhotos, strangers: readonly PersonPhotos[], change: Partial<PhotoApproachRule> = {}) => {
  const draw = drawGallery([ada, ...strangers], 1, ENCODER, seeded(1));
  return photoApproaches([draw], { ...RULE, ...change }, seeded(1));
};
const ada = person('ada', 0, 0, 0, 0);

describe('approaches made of photos', () => {
  test('are recognised by the mean of their photos, from the fewest on', () => {
    expect(figures(ada, []).fnir).toMatchObject({ rate: 0, n: 1 });
    expect(figures(ada, [person('eve', 0.5)], { agree: 1, frames: 1 }).fpir).toMatchObject({ rate: 0, n: 1 });
  });

  test('a stranger is taken for somebody when any mean of the approach is near enough', () => {
    // A stranger with one photo is never enrolled by chance.
    const eve = person('eve', 0.5);
    expect(figures(ada, [eve], { frames: 1, agree: 1, threshold: apart(0.6) }).fpir).toMatchObject({ rate: 1, n: 1 });
  });

  test('a stranger is taken for somebody by two photos that are too far each, on two sides', () => {
    const gallery = new Gallery(ENCODER, 4);
    gallery.set(someone('ada', [0]));
    const of = (...angles: number[]) =>
      photoApproaches(
        [{ gallery, probes: [], strangers: [person('eve', ...angles)], chosen: 1 }],
        { ...RULE, frames: angles.length },
        seeded(1),
      ).fpir.rate;
    expect(of(0.5, -0.5, 2)).toBe(1);
    expect(of(0.5, 0.6, 2)).toBe(0);
  });

  test('people with fewer photos with a face than an approach has are left out', () => {
    expect(figures(person('ada', 0, 0, null, 0), []).fnir.n).toBe(0);
    expect(figures(ada, [person('eve', 2)]).fpir.n).toBe(0);
  });
});
