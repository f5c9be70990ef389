import { describe, expect, test } from 'vitest';
import { APPEARANCE_BOUNDS, whyNotScored } from '../../src/liveness/appearance-bounds.js';

describe('the bounds of scoring', () => {
  const good = { brightness: 120, noise: 1, context: 2.7, inside: 1 };
  test.each([
    ['a face in good light, with little noise and room around it, is scored', good, undefined],
    ['a face in the dark is not scored', { ...good, brightness: APPEARANCE_BOUNDS.brightness - 1 }, 'dark'],
    ['a noisy face is not scored', { ...good, noise: APPEARANCE_BOUNDS.noise + 0.1 }, 'noise'],
    ['a face without surroundings is not scored', { ...good, context: 1.5 }, 'context'],
    ['a face cut off by the edge of the frame is not scored', { ...good, inside: 0.8 }, 'context'],
    [
      'a face whose brightness is NaN is not scored',
      { brightness: Number.NaN, noise: 1, context: 2.7, inside: 1 },
      'dark',
    ],
    ['a face whose noise is NaN is not scored', { ...good, noise: Number.NaN }, 'noise'],
  ] as const)('%s', (_title, seen, why) => expect(whyNotScored(seen)).toBe(why));
});
