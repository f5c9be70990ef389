import { describe, expect, test } from 'vitest';
import { doubtOf } from '../../src/liveness/appearance-bounds.js';
import { doubtAbout, hintOf } from '../../src/liveness/doubt.js';

describe('what makes a face hard to judge', () => {
  const good = { brightness: 120, noise: 1, context: 2.7 };
  test.each([
    ['a face in good light, with little noise and room around it: nothing', good, undefined],
    ['a face in the dark', { ...good, brightness: 44 }, 'dark'],
    ['a noisy face', { ...good, noise: 4.1 }, 'noise'],
    ['a face without surroundings', { ...good, context: 1.5 }, 'context'],
    ['a face whose brightness is NaN', { ...good, brightness: Number.NaN }, 'dark'],
    ['a face whose noise is NaN', { ...good, noise: Number.NaN }, 'noise'],
  ] as const)('%s', (_title, seen, doubt) => expect(doubtOf(seen)).toBe(doubt));
});

describe('what keeps a track from a verdict', () => {
  test.each([
    ['what was not measured', undefined, undefined, 'missing'],
    ['why there is no score', { kind: 'unknown', why: 'cut-off' }, 'still', 'cut-off'],
    ['what makes it hard to judge', { kind: 'scored', llr: 1, doubt: 'noise' }, 'still', 'noise'],
    ['that it did not move', { kind: 'scored', llr: 1 }, 'still', 'still'],
    ['that it is not sure, however it moves', { kind: 'scored', llr: 1 }, undefined, 'unsure'],
  ] as const)('%s', (_title, newest, lacking, doubt) => {
    expect(doubtAbout(newest, lacking)).toBe(doubt);
    expect(hintOf(doubt)).toMatch(/.{20}/);
  });
});
