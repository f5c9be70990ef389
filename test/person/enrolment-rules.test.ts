import { describe, expect, test } from 'vitest';
import type { MeasuredFace } from '../../src/face/observation.js';
import { faceToEnrol, templateOf, tooNear } from '../../src/person/enrolment-rules.js';
import { measuredFace } from '../face/faces.js';
import { LIMITS } from '../face/sample.js';

const tall = (height: number, quality: Partial<MeasuredFace['quality']> = {}) =>
  measuredFace({ box: { x: 0, y: 0, width: height, height }, quality });

describe('the face of an enrolment photo', () => {
  test.each([
    ['none', [], 'no-face', 'no face was found in it'],
    ['two people', [tall(200), tall(150)], 'several-faces', '2 faces are in it: give a photo of one person'],
    ['a second person nearby', [tall(200), tall(80)], 'several-faces', '2 faces are in it: give a photo of one person'],
    [
      'a face too far away',
      [tall(200, { eyeDistancePx: 20 })],
      'too-small',
      'the face is too small: 20 px between the eyes, 24 are needed',
    ],
    [
      'a face in the dark',
      [tall(200, { brightness: 10 })],
      'low-quality',
      'the face is too dark: brightness 10, at least 40',
    ],
  ])('%s is refused', (_what, faces, code, text) => {
    expect(faceToEnrol(faces, LIMITS)).toEqual({ fault: { code, text } });
  });

  test('passers-by in the background do not count', () => {
    const face = tall(200);
    expect(faceToEnrol([face, tall(79), tall(20, { brightness: 0 })], LIMITS)).toEqual({ face });
  });
});

describe('a face that is too near to that of another person', () => {
  const near = (distance: number) => tooNear({ best: { id: 'ada', distance }, second: undefined }, 0.5);

  test('is refused, with the name and what to do', () => {
    expect(near(0.31)?.code).toBe('duplicate-person');
    expect(near(0.31)?.text).toContain('too near to "ada" (distance 0.31, more than 0.50 is needed)');
    expect(near(0.5)).toBeDefined();
  });

  test('is not refused when the distance is large enough, or when no other person is enrolled', () => {
    expect(near(0.51)).toBeUndefined();
    expect(tooNear({ best: undefined, second: undefined }, 4)).toBeUndefined();
  });
});

test('what is stored of a photo is its template, or the embedding where the eye gave none', () => {
  const bare = measuredFace({});
  expect(templateOf({ ...bare, template: 'BBBB' }, 'small@0123456789ab', 'now')).toMatchObject({
    vector: 'BBBB',
    added: 'now',
  });
  expect(templateOf(bare, 'small@0123456789ab', 'now')).toMatchObject({ vector: bare.embedding });
});
