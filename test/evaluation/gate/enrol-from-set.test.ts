import { describe, expect, test } from 'vitest';
import type { Approach } from '../../../src/evaluation/gate/approaches.js';
import { planSet, type SeenApproach } from '../../../src/evaluation/gate/enrol-from-set.js';
import { measuredFace } from '../../face/faces.js';
import { LIMITS } from '../../face/sample.js';

const faceOf = (overall: number, brightness = 120) =>
  measuredFace({ box: { x: 0, y: 0, width: 200, height: 200 }, quality: { overall, brightness } });

/** Frames a quarter of a second apart, by their quality; 0: too dark. */
function seen(
  person: string,
  name: string,
  qualities: readonly number[],
  change: Partial<Approach> = {},
): SeenApproach {
  const approach = { name, kind: 'live', person, clip: false, timed: true, files: [], ...change };
  const frames = qualities.map((overall, i) => ({
    atMs: i * 250,
    width: 640,
    height: 480,
    proposed: 1,
    faces: [faceOf(overall, overall === 0 ? 5 : 120)],
  }));
  return { approach, frames };
}
const print = (person: string) => seen(person, `print of ${person}`, [0.9, 0.9], { kind: 'print' });
const plan = (...all: SeenApproach[]) => planSet(all, LIMITS);

describe('people enrolled from the set itself', () => {
  test('a person of several takes is enrolled by the best frame of another take, and the whole take is shown', () => {
    const { living, people } = plan(seen('ada', 'one', [0.5, 0.9]), seen('ada', 'two', [0.6, 0.7, 0.4]));
    expect(
      living.map(({ approach, frames, enrolled }) => [approach.name, frames.length, enrolled?.quality.overall]),
    ).toEqual([
      ['one', 2, 0.7],
      ['two', 3, 0.9],
    ]);
    expect(people.get('ada')?.quality.overall).toBe(0.9);
  });

  test('a person of one take is enrolled by its last good frame, and what came a second before is shown', () => {
    const { living, unshown } = plan(seen('ada', 'one', [0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0]));
    expect(living[0]?.enrolled?.quality.overall).toBe(0.5);
    expect(living[0]?.frames.map(({ atMs }) => atMs)).toEqual([0, 250]);
    expect(unshown).toBe(0);
  });

  test.each([
    ['a take shorter than a second', seen('ada', 'one', [0.9, 0.9])],
    ['a single picture', seen('ada', 'one', [0.9])],
    ['pictures whose times are not known', seen('ada', 'one', [0.9, 0.9, 0.9, 0.9, 0.9, 0.9], { timed: false })],
    ['a take without a good frame', seen('ada', 'one', [0, 0, 0, 0, 0, 0])],
  ])('%s alone cannot be shown', (_what, one) => {
    expect(plan(one)).toMatchObject({ living: [], unshown: 1 });
  });

  test('the person of an attack is enrolled by the best of their living frames; a living person nobody knows by none', () => {
    const { attacks, people } = plan(seen('ada', 'one', [0.5, 0.9]), print('ada'), print('eve'));
    expect(attacks.map(({ enrolled }) => enrolled?.quality.overall)).toEqual([0.9, undefined]);
    expect([...people.keys()]).toEqual(['ada']);
  });
});
