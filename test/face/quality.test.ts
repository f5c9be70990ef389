import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noiseTable } from '../../src/demo/compositor.js';
import { qualitySchema } from '../../src/face/observation.js';
import { pixelQuality, qualityFault, qualityOf } from '../../src/face/quality.js';
import { seeded } from '../../src/kit/seeded-random.js';
import { FRONTAL, GOOD, LIMITS, moved } from './sample.js';

const SIDE = 112;
const paint = (shade: (x: number, y: number) => number) =>
  Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    Math.max(0, Math.min(255, Math.round(shade(i % SIDE, Math.floor(i / SIDE))))),
  );
const noise = noiseTable(SIDE * SIDE, seeded(7));
const noisy = (sigma: number, shade: (x: number, y: number) => number) =>
  paint((x, y) => shade(x, y) + sigma * (noise[y * SIDE + x] as number));

describe('the measurements of a face', () => {
  test.each([2, 5, 10, 20])('noise of %i is found within 15 per cent, on a flat and on a sloping face', (sigma) => {
    for (const shade of [() => 128, (x: number, y: number) => 70 + x / 2 + y / 2]) {
      const found = pixelQuality(noisy(sigma, shade), SIDE).noise;
      expect(found).toBeGreaterThan(sigma * 0.85);
      expect(found).toBeLessThan(sigma * 1.15);
    }
  });

  test('an even grey has a brightness, but no contrast, sharpness or noise', () => {
    expect(
      pixelQuality(
        paint(() => 77),
        SIDE,
      ),
    ).toEqual({ brightness: 77, contrast: 0, sharpness: 0, noise: 0 });
  });

  test('sharp edges are sharper than soft ones', () => {
    const sharp = pixelQuality(
      paint((x) => (x % 16 < 8 ? 60 : 180)),
      SIDE,
    );
    const soft = pixelQuality(
      paint((x) => 120 + 60 * Math.sin((x / 16) * 2 * Math.PI)),
      SIDE,
    );
    expect(sharp.sharpness).toBeGreaterThan(4 * soft.sharpness);
    expect(soft.contrast).toBeGreaterThan(30);
  });

  test('any pixels give numbers within their bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 36, maxLength: 36 }), (bytes) => {
        const quality = qualityOf(FRONTAL, pixelQuality(bytes, 6));
        expect(qualitySchema.safeParse(quality).success).toBe(true);
      }),
    );
    const chess = paint((x, y) => ((x + y) % 2) * 255);
    expect(qualitySchema.safeParse(qualityOf(FRONTAL, pixelQuality(chess, SIDE))).success).toBe(true);
  });

  test('bytes of another size are refused', () => {
    expect(() => pixelQuality(new Uint8Array(10), SIDE)).toThrow(RangeError);
    expect(() => pixelQuality(new Uint8Array(4), 2)).toThrow(RangeError);
  });
});

const PIXELS = { sharpness: 800, brightness: 130, contrast: 50, noise: 3 };
const overall = (change: Partial<typeof PIXELS>, points = FRONTAL) =>
  qualityOf(points, { ...PIXELS, ...change }).overall;

describe('the overall quality', () => {
  test('a good face is worth 1', () => {
    expect(overall({})).toBe(1);
  });

  test.each<[string, (amount: number) => number]>([
    ['less sharp', (amount) => overall({ sharpness: 300 - amount * 300 })],
    ['darker', (amount) => overall({ brightness: 80 - amount * 80 })],
    ['brighter', (amount) => overall({ brightness: 200 + amount * 55 })],
    ['flatter', (amount) => overall({ contrast: 40 - amount * 40 })],
    ['noisier', (amount) => overall({ noise: amount * 50, sharpness: 800 + 20 * (amount * 50) ** 2 })],
    [
      'smaller',
      (amount) =>
        overall(
          {},
          moved(FRONTAL, ([x, y]) => [x * (1 - 0.9 * amount), y * (1 - 0.9 * amount)]),
        ),
    ],
    ['more turned', (amount) => overall({}, { ...FRONTAL, nose: [120 + 60 * amount, 121.6] })],
  ])('never grows while the face gets %s, and ends at zero', (_how, at) => {
    const values = Array.from({ length: 21 }, (_, i) => at(i / 20));
    for (const [i, value] of values.entries()) expect(value).toBeLessThanOrEqual(values[i - 1] ?? 1);
    expect(values.at(-1)).toBeLessThan(0.1);
  });
});

describe('the limits', () => {
  test('a good face may be decided on', () => {
    expect(qualityFault(GOOD, LIMITS)).toBeUndefined();
  });

  test.each([
    [{ eyeDistancePx: 23.9 }, 'too-small', 'too small: 24 px between the eyes, 24 are needed'],
    [{ brightness: 39 }, 'low-quality', 'too dark: brightness 39, at least 40'],
    [{ brightness: 226 }, 'low-quality', 'too bright: brightness 226, at most 225'],
    [{ sharpness: 19 }, 'low-quality', 'blurred: sharpness 19, at least 20'],
    [{ noise: 26 }, 'low-quality', 'too noisy: noise 26, at most 25'],
    [{ yaw: -41 }, 'low-quality', 'turned away: -41° sideways, at most 40°'],
    [{ pitch: 36 }, 'low-quality', 'turned away: 36° up or down, at most 35°'],
    [{ roll: -46 }, 'low-quality', 'tilted: -46°, at most 45°'],
  ])('%o is refused in words', (change, reason, text) => {
    expect(qualityFault({ ...GOOD, ...change }, LIMITS)).toEqual({ reason, text });
  });

  test.each([
    { eyeDistancePx: 24 },
    { brightness: 40 },
    { brightness: 225 },
    { sharpness: 20 },
    { noise: 25 },
    { yaw: 40 },
    { pitch: -35 },
    { roll: 45 },
  ])('%o, exactly the limit, is allowed', (change) => {
    expect(qualityFault({ ...GOOD, ...change }, LIMITS)).toBeUndefined();
  });
});
