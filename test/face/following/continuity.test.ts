import { expect, test } from 'vitest';
import {
  isDoubtful,
  isNear,
  likeness,
  SIGHT_SIDE,
  type Sight,
  sightOf,
} from '../../../src/face/following/continuity.js';
import type { Box } from '../../../src/face/observation.js';
import { boxAt, sightOfPerson } from './looks.js';

const ADA = { box: boxAt(300), sight: sightOfPerson(1), measuredSight: sightOfPerson(1) };

test.each<[string, { box?: Box; sight?: Sight }, boolean]>([
  ['that has not moved', {}, false],
  ['that moved by a tenth of its side', { box: boxAt(310) }, false],
  ['that looks a little different', { sight: sightOfPerson(1, 40) }, false],
  ['that jumped by half its side', { box: boxAt(350) }, true],
  ['that grew by half at once', { box: boxAt(275, 70, 150) }, true],
  ['that shrank to half at once', { box: boxAt(325, 130, 50) }, true],
  ['that looks like somebody else', { sight: sightOfPerson(2) }, true],
  ['that cannot be compared', { sight: new Float32Array(0) }, true],
  ['whose box is no number', { box: { ...boxAt(300), x: Number.NaN } }, true],
  ['whose box has no height', { box: { ...boxAt(300), height: 0 } }, true],
  ['whose look is no number', { sight: new Float32Array(SIGHT_SIDE ** 2).fill(Number.NaN) }, true],
])('a face %s: in doubt %#', (_what, change, doubtful) => {
  expect(isDoubtful(ADA, { ...ADA, ...change })).toBe(doubtful);
});

test('a face that has become another one step by step is in doubt', () => {
  expect(isDoubtful({ ...ADA, sight: sightOfPerson(2) }, { box: ADA.box, sight: sightOfPerson(2) })).toBe(true);
});

test.each<[string, Box, boolean]>([
  ['overlaps', boxAt(350), true],
  ['stands shoulder to shoulder', boxAt(440), true],
  ['stands two faces away', boxAt(600), false],
  ['is below, as a child', boxAt(300, 400), false],
  ['is no number', { ...boxAt(600), width: Number.NaN }, true],
])('another face that %s is near: %s', (_what, box, near) => {
  expect(isNear(ADA.box, box)).toBe(near);
  expect(isNear(box, ADA.box)).toBe(near);
});

test('light changes nothing in how a face looks, and a face without structure looks like nobody', () => {
  const grey = Uint8Array.from({ length: SIGHT_SIDE ** 2 }, (_, i) => 40 + ((i * 7919) % 90));
  const brighter = grey.map((value) => value * 1.5 + 10);
  expect(likeness(sightOf(grey) as Sight, sightOf(brighter) as Sight)).toBeGreaterThan(0.999);
  expect(sightOf(new Uint8Array(SIGHT_SIDE ** 2).fill(90))).toBeUndefined();
});
