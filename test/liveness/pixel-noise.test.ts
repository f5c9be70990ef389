import { describe, expect, test } from 'vitest';
import { alteration } from '../../src/evaluation/frames/alteration.js';
import { seeded } from '../../src/kit/seeded-random.js';
import { pixelNoise } from '../../src/liveness/pixel-noise.js';

describe('the noise of a face', () => {
  const ramp = (width: number, height: number) =>
    Uint8Array.from({ length: width * height }, (_, i) => 60 + ((i % width) + Math.floor(i / width)) / 4);
  const noisy = (sd: number) => {
    const random = seeded(7);
    return alteration({ noise: sd, dim: 1 }, random)(ramp(160, 120), random);
  };

  test.each([5, 10, 20])('of sd %d is estimated to within a tenth', (sd) => {
    const estimate = pixelNoise(noisy(sd), 160, 120);
    expect(Math.abs(estimate - sd)).toBeLessThan(sd / 10);
  });

  test('is next to nothing on a clean slope, and infinite for a picture that is too small to tell', () => {
    expect(pixelNoise(ramp(160, 120), 160, 120)).toBeLessThan(0.5);
    expect(pixelNoise(new Uint8Array(4), 2, 2)).toBe(Number.POSITIVE_INFINITY);
    expect(pixelNoise(new Uint8Array(10), 160, 120)).toBe(Number.POSITIVE_INFINITY);
  });
});
