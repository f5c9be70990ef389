import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IdentifyRule, identify } from '../../src/access/identify.js';
import type { ComparableFace } from '../../src/access/track.js';
import { squaredDistance } from '../../src/person/distance.js';
import { Gallery } from '../../src/person/gallery.js';
import { apart, direction, ENCODER, someone } from '../person/sample.js';

const WHO = { ada: 0, bob: 1.5 } as const;
const gallery = new Gallery(ENCODER, 4);
for (const [id, angle] of Object.entries(WHO)) gallery.set(someone(id, [angle]));

const RULE: IdentifyRule = { threshold: apart(0.4), margin: 0.05, newestSlack: 0.1 };
const look = (angle: number, weight = 1): ComparableFace => ({ embedding: direction(angle), weight });
const whom = (recent: readonly ComparableFace[], rule = RULE) => {
  const claim = identify(recent, gallery, rule);
  return claim.kind === 'person' ? `${claim.id} by ${claim.frames}` : claim.reason;
};

describe('whom the last frames of a track show', () => {
  test.each<[string, readonly ComparableFace[], string]>([
    ['one frame near a person means them', [look(0.1)], 'ada by 1'],
    ['one frame just too far means nobody', [look(-0.41)], 'nobody'],
    ['frames on both sides of a person mean them, though each alone is too far', [look(-0.41), look(0.41)], 'ada by 2'],
    ['the newest frame may be a little too far', [look(0.1), look(0.1), look(-0.45)], 'ada by 3'],
    [
      'the newest frame must not be another face, however good the others were',
      [look(0), look(0), look(0.6)],
      'nobody',
    ],
    ['a frame of little weight moves the mean little', [look(0.75, 0.1), look(0.3)], 'ada by 2'],
    ['the same frame with full weight moves it beyond the threshold', [look(0.75), look(0.3)], 'nobody'],
    ['without frames it is nobody', [], 'nobody'],
    ['frames that cancel each other mean nobody', [look(0), look(Math.PI)], 'nobody'],
  ])('%s', (_what, recent, expected) => expect(whom(recent)).toBe(expected));

  test('two people nearly as near are ambiguous', () => {
    const wide = { ...RULE, threshold: 2, margin: 0.5 };
    expect(whom([look(0.7), look(0.75)], wide)).toBe('ambiguous');
  });

  test('the distance is that of the mean; for nobody it is that of what was too far', () => {
    expect(identify([look(-0.2), look(0.4)], gallery, RULE).distance).toBeCloseTo(apart(0.1));
    expect(identify([look(0.2), look(-0.4), look(0), look(0.6)], gallery, RULE).distance).toBeCloseTo(apart(0.6));
  });

  const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
  const recent = fc.array(
    fc
      .record({ angle, weight: fc.double({ min: 0.1, max: 1, noNaN: true }) })
      .map((one) => look(one.angle, one.weight)),
    { minLength: 1, maxLength: 8 },
  );

  test('no frames of one person let another in: the newest frame itself is near whoever is meant', () => {
    fc.assert(
      fc.property(recent, fc.constantFrom(0, 1, 3, 8), angle, (own, more, newest) => {
        const all = [...own, ...Array.from({ length: more }, () => look(WHO.ada)), look(newest)];
        const claim = identify(all, gallery, RULE);
        if (claim.kind !== 'person') return;
        const template = direction(WHO[claim.id as keyof typeof WHO]);
        expect(squaredDistance(template, direction(newest))).toBeLessThanOrEqual(
          RULE.threshold + RULE.newestSlack + 1e-6,
        );
        expect(claim.distance).toBeLessThanOrEqual(RULE.threshold);
      }),
    );
  });

  test('the order of the frames before the newest does not matter, nor does the scale of the weights', () => {
    fc.assert(
      fc.property(recent, angle, fc.double({ min: 0.2, max: 5, noNaN: true }), (own, newest, scale) => {
        const [there, back] = [
          [...own, look(newest)],
          [...own.toReversed(), look(newest)],
        ];
        const scaled = there.map(({ embedding, weight }) => ({ embedding, weight: weight * scale }));
        const claim = identify(there, gallery, RULE);
        // At the very limit rounding may decide.
        fc.pre(Math.abs((claim.distance ?? 0) - RULE.threshold) > 1e-4);
        expect(whom(back)).toBe(whom(there));
        expect(whom(scaled)).toBe(whom(there));
      }),
    );
  });

  test('is monotone: a frame of the very person never loses them; a stricter threshold never finds anybody', () => {
    fc.assert(
      fc.property(recent, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const before = identify(all, gallery, RULE);
        if (before.kind === 'person') {
          const own = look(WHO[before.id as keyof typeof WHO]);
          expect(identify([...all, own], gallery, RULE)).toMatchObject({ kind: 'person', id: before.id });
        } else {
          const strict = identify(all, gallery, { ...RULE, threshold: RULE.threshold * share });
          expect(strict.kind).toBe('none');
        }
      }),
    );
  });

  test('compares with the gallery once, however many frames there are', () => {
    let ranked = 0;
    const counting = {
      rank: (probe: Float32Array) => {
        ranked += 1;
        return gallery.rank(probe);
      },
      distanceTo: (id: string, probe: Float32Array) => gallery.distanceTo(id, probe),
    };
    identify([look(0), look(0.1), look(0.2)], counting, RULE);
    expect(ranked).toBe(1);
  });
});
