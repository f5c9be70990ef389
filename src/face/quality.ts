// pure
import type { Config } from '../config/config.js';
import { distance, type FivePoints, poseOf } from './landmarks.js';
import type { Quality } from './observation.js';

/** What is measured on the pixels of one aligned grey face. */
export interface PixelQuality {
  readonly sharpness: number;
  readonly brightness: number;
  readonly contrast: number;
  readonly noise: number;
}

/**
 * Measures an aligned grey face of side × side bytes.
 * Sharpness is the variance of the 4-neighbour Laplacian; noise the estimate of Immerkær, "Fast noise variance
 * estimation" (1996): sqrt(π/2) / 6 × the mean of |the difference of two Laplacians|, whose kernel is
 * [1 −2 1; −2 4 −2; 1 −2 1] and does not answer to edges of constant slope.
 */
export function pixelQuality(grey: Uint8Array, side: number): PixelQuality {
  if (grey.length !== side * side || side < 3)
    throw new RangeError(`${grey.length} bytes are no ${side}×${side} picture`);
  let sum = 0;
  let squares = 0;
  for (const value of grey) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / grey.length;
  let laplaceSum = 0;
  let laplaceSquares = 0;
  let noiseSum = 0;
  for (let y = 1; y < side - 1; y++)
    for (let i = y * side + 1, end = y * side + side - 1; i < end; i++) {
      const up = i - side;
      const down = i + side;
      const px = (at: number) => grey[at] as number;
      const cross = px(up) + px(down) + px(i - 1) + px(i + 1);
      const laplace = cross - 4 * px(i);
      laplaceSum += laplace;
      laplaceSquares += laplace * laplace;
      noiseSum += Math.abs(px(up - 1) + px(up + 1) + px(down - 1) + px(down + 1) - 2 * cross + 4 * px(i));
    }
  const inner = (side - 2) ** 2;
  return {
    brightness: mean,
    contrast: Math.min(128, Math.sqrt(Math.max(0, squares / grey.length - mean * mean))),
    sharpness: Math.max(0, laplaceSquares / inner - (laplaceSum / inner) ** 2),
    noise: Math.min(255, (Math.sqrt(Math.PI / 2) / 6) * (noiseSum / inner)),
  };
}

/** 0 below `bad`, 1 from `good` on, straight between; works downwards too (bad > good). */
const ramp = (value: number, bad: number, good: number) => Math.min(1, Math.max(0, (value - bad) / (good - bad)));

/**
 * The whole quality of one face. `overall` is the worst of its parts, each scaled to 0…1 between "useless" and
 * "as enrolment photos should be": a sharp face in the dark is no better than a dark one.
 */
export function qualityOf(points: FivePoints, pixels: PixelQuality): Quality {
  const pose = poseOf(points);
  const eyeDistancePx = distance(points.leftEye, points.rightEye);
  // Pixel noise raises the Laplacian's variance as texture does (by 20 σ²): the rest is the structure of the face.
  const structure = Math.max(0, pixels.sharpness - 20 * pixels.noise ** 2);
  const parts = [
    ramp(eyeDistancePx, 12, 40),
    ramp(structure, 5, 120),
    ramp(pixels.brightness, 20, 70),
    ramp(pixels.brightness, 250, 210),
    ramp(pixels.contrast, 8, 30),
    ramp(pixels.noise, 40, 8),
    ramp(Math.abs(pose.yaw), 60, 15),
    ramp(Math.abs(pose.pitch), 60, 20),
    ramp(Math.abs(pose.roll), 80, 30),
  ];
  return { eyeDistancePx, ...pixels, ...pose, overall: Math.min(...parts) };
}

/** Outside these limits a face is not decided on: section `faces.quality` of the configuration. */
export type QualityLimits = Config['faces']['quality'];

/** Why a face is not good enough to decide on, in words that complete "the face is …"; undefined when it is. */
export function qualityFault(
  quality: Quality,
  limits: QualityLimits,
): { reason: 'too-small' | 'low-quality'; text: string } | undefined {
  const low = (text: string) => ({ reason: 'low-quality' as const, text });
  const { eyeDistancePx, sharpness, brightness, noise, yaw, pitch, roll } = quality;
  if (eyeDistancePx < limits.minEyeDistancePx)
    return {
      reason: 'too-small',
      text: `too small: ${eyeDistancePx.toFixed(0)} px between the eyes, ${limits.minEyeDistancePx} are needed`,
    };
  if (brightness < limits.minBrightness)
    return low(`too dark: brightness ${brightness.toFixed(0)}, at least ${limits.minBrightness}`);
  if (brightness > limits.maxBrightness)
    return low(`too bright: brightness ${brightness.toFixed(0)}, at most ${limits.maxBrightness}`);
  if (sharpness < limits.minSharpness)
    return low(`blurred: sharpness ${sharpness.toFixed(0)}, at least ${limits.minSharpness}`);
  if (noise > limits.maxNoise) return low(`too noisy: noise ${noise.toFixed(0)}, at most ${limits.maxNoise}`);
  if (Math.abs(yaw) > limits.maxYaw) return low(`turned away: ${yaw.toFixed(0)}° sideways, at most ${limits.maxYaw}°`);
  if (Math.abs(pitch) > limits.maxPitch)
    return low(`turned away: ${pitch.toFixed(0)}° up or down, at most ${limits.maxPitch}°`);
  if (Math.abs(roll) > limits.maxRoll) return low(`tilted: ${roll.toFixed(0)}°, at most ${limits.maxRoll}°`);
  return undefined;
}
