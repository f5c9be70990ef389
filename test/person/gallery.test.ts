import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUnit, squaredDistance } from '../../src/person/distance.js';
import { Gallery, matchOf } from '../../src/person/gallery.js';
import { apart, direction, ENCODER, someone, template } from './sample.js';

const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
const galleryOf = (...people: readonly ReturnType<typeof someone>[]) => {
  const gallery = new Gallery(ENCODER, 4);
  for (const person of people) gallery.set(person);
  return gallery;
};

describe('distance', () => {
  test('is that of the geometry, the same both ways, between 0 and 4', () => {
    fc.assert(
      fc.property(angle, angle, (a, b) => {
        const found = squaredDistance(direction(a), direction(b));
        expect(found).toBeCloseTo(apart(a - b), 5);
        expect(found).toBe(squaredDistance(direction(b), direction(a)));
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(4);
      }),
    );
  });

  test('embeddings of different length are never compared', () => {
    expect(() => squaredDistance(new Float32Array(4), new Float32Array(5))).toThrow('4 and 5 numbers');
  });

  test.each([
    ['unit length', [0.6, 0.8], true],
    ['rounded to float32', [0.6000001, 0.8], true],
    ['too short', [0.5, 0.8], false],
    ['too long', [0.7, 0.8], false],
    ['zero', [0, 0], false],
    ['NaN', [Number.NaN, 1], false],
    ['infinite', [Number.POSITIVE_INFINITY, 0], false],
    ['empty', [], false],
  ])('a vector that is %s', (_what, numbers, unit) => {
    expect(isUnit(Float32Array.from(numbers))).toBe(unit);
  });
});

describe('the gallery', () => {
  test('ranks the nearest and the second nearest person, each by their nearest photo', () => {
    const gallery = galleryOf(someone('ada', [1, 2]), someone('bob', [0.2, 3]), someone('eve', [2.5]));
    const { best, second } = gallery.rank(direction(0.4));
    expect([best?.id, second?.id]).toEqual(['bob', 'ada']);
    expect(best?.distance).toBeCloseTo(apart(0.2), 5);
    expect(second?.distance).toBeCloseTo(apart(0.6), 5);
  });

  test('two photos of one person count as one person', () => {
    expect(galleryOf(someone('ada', [1, 1.1])).rank(direction(1)).second).toBeUndefined();
  });

  test('agrees with comparing the probe with every person', () => {
    const people = fc.array(fc.array(angle, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(people, angle, (angles, probe) => {
        const gallery = galleryOf(...angles.map((own, i) => someone(`p${i}`, own)));
        const all = angles
          .map((own) => Math.min(...own.map((one) => squaredDistance(direction(one), direction(probe)))))
          .sort((a, b) => a - b);
        const { best, second } = gallery.rank(direction(probe));
        expect([best?.distance, second?.distance]).toEqual([all[0], all[1]]);
      }),
    );
  });

  test('one person can be left out, for comparing a photo with the others', () => {
    const gallery = galleryOf(someone('ada', [0]), someone('bob', [1]));
    expect(gallery.rank(direction(0), 'ada').best?.id).toBe('bob');
  });

  test('an empty gallery ranks no person', () => {
    expect(galleryOf().rank(direction(0))).toEqual({ best: undefined, second: undefined });
    expect(galleryOf().distanceTo('ada', direction(0))).toBeUndefined();
  });

  test('templates of other encoders are not compared', () => {
    const mixed = someone('ada', [0], {
      templates: [template(direction(0), 'other@0123456789ab'), template(direction(2))],
    });
    const gallery = galleryOf(
      mixed,
      someone('bob', [1], { templates: [template(direction(0), 'other@0123456789ab')] }),
    );
    expect([gallery.size, gallery.templates, gallery.has('bob')]).toEqual([1, 1, false]);
    expect(gallery.rank(direction(0)).best?.distance).toBeCloseTo(apart(2), 5);
  });

  test.each([
    ['not of unit length', Float32Array.from([1, 1, 0, 0])],
    ['of NaN', Float32Array.from([Number.NaN, 0, 0, 1])],
    ['too short', Float32Array.from([1, 0, 0])],
    ['too long', Float32Array.from([1, 0, 0, 0, 0])],
    ['nothing but zeros', new Float32Array(4)],
  ])('a template that is %s is counted as unusable and matches nobody', (_what, vector) => {
    const gallery = new Gallery(ENCODER, 4);
    expect(gallery.set(someone('eve', [], { templates: [template(vector), template(direction(1))] }))).toBe(1);
    expect([gallery.size, gallery.templates]).toEqual([1, 1]);
    expect(gallery.set(someone('eve', [], { templates: [template(vector)] }))).toBe(1);
    expect([gallery.size, gallery.templates, gallery.has('eve')]).toEqual([0, 0, false]);
  });

  test('its counts are right after any sequence of adding and removing', () => {
    const step = fc.oneof(
      fc.record({ id: fc.constantFrom('a', 'b', 'c'), angles: fc.array(angle, { maxLength: 3 }) }),
      fc.record({ id: fc.constantFrom('a', 'b', 'c'), angles: fc.constant(undefined) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const gallery = new Gallery(ENCODER, 4);
        const model = new Map<string, number>();
        for (const { id, angles } of steps) {
          if (angles === undefined) gallery.delete(id);
          else gallery.set(someone(id, angles));
          if (angles === undefined || angles.length === 0) model.delete(id);
          else model.set(id, angles.length);
        }
        expect(gallery.size).toBe(model.size);
        expect(gallery.templates).toBe([...model.values()].reduce((sum, n) => sum + n, 0));
      }),
    );
  });

  test('a probe of NaN matches no person', () => {
    const gallery = galleryOf(someone('ada', [0]));
    const ranking = gallery.rank(Float32Array.from([Number.NaN, 0, 0, 0]));
    expect(matchOf(ranking, { threshold: 4, margin: 0 }).kind).toBe('nobody');
  });
});

describe('the match of a ranking', () => {
  const rule = { threshold: 0.5, margin: 0.1 };
  const at = (id: string, distance: number) => ({ id, distance });
  test.each([
    ['nobody in an empty gallery', undefined, undefined, 'nobody'],
    ['the nearest', at('ada', 0.3), at('bob', 0.9), 'person'],
    ['the nearest, exactly at the threshold', at('ada', 0.5), at('bob', 0.9), 'person'],
    ['nobody beyond the threshold', at('ada', 0.501), at('bob', 0.9), 'nobody'],
    ['the only one', at('ada', 0.3), undefined, 'person'],
    ['ambiguous where two are almost equally near', at('ada', 0.3), at('bob', 0.35), 'ambiguous'],
    ['ambiguous even if the second is beyond the threshold', at('ada', 0.45), at('bob', 0.52), 'ambiguous'],
    ['nobody for a distance of NaN', at('ada', Number.NaN), at('bob', 1), 'nobody'],
    ['ambiguous for a second distance of NaN', at('ada', 0.1), at('bob', Number.NaN), 'ambiguous'],
  ] as const)('%s', (_rule, best, second, kind) => {
    expect(matchOf({ best, second }, rule).kind).toBe(kind);
  });
});
