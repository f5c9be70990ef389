import { describe, expect, test } from 'vitest';
import { APPEARANCE_BOUNDS, whyNotScored } from '../../src/liveness/appearance-bounds.js';

describe('a face is not scored', () => {
  const good = { brightness: 120, noise: 1, context: 2.7, inside: 1 };
  test.each([
    ['good light, little noise, room around it: it is', good, undefined],
    ['in the dark', { ...good, brightness: APPEARANCE_BOUNDS.brightness - 1 }, 'dark'],
    ['in noise', { ...good, noise: APPEARANCE_BOUNDS.noise + 0.1 }, 'noise'],
    ['without surroundings', { ...good, context: 1.5 }, 'context'],
    ['cut off by the edge', { ...good, inside: 0.8 }, 'context'],
    ['when nothing could be measured', { brightness: Number.NaN, noise: 1, context: 2.7, inside: 1 }, 'dark'],
    ['when the noise is no number', { ...good, noise: Number.NaN }, 'noise'],
  ] as const)('%s', (_title, seen, why) => expect(whyNotScored(seen)).toBe(why));
});
