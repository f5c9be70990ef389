import { describe, expect, test } from 'vitest';
import { scene } from '../../../src/liveness/cues/scene.js';
import { liveSample } from '../heads.js';

const llr = (match: number | undefined) =>
  scene.read({ ...liveSample(0), scene: match === undefined ? undefined : { blocks: 9, match } }, null).llr;

describe('the scene cue', () => {
  test('speaks much against a face that hides the scene, little for one that does not, and not of an unknown one', () => {
    expect([1, 0.7, 0.5, 0, -1].map(llr)).toEqual([0.5, 0, expect.closeTo(-1.2), -2, -2]);
    expect(llr(undefined)).toBeUndefined();
    expect(llr(Number.NaN)).toBeUndefined();
  });
});
