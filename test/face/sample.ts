import type { FivePoints } from '../../src/face/landmarks.js';
import type { Point, Quality } from '../../src/face/observation.js';
import type { QualityLimits } from '../../src/face/quality.js';

/** Five points of a level face that looks straight ahead, 40 px between the eyes. */
export const FRONTAL: FivePoints = {
  leftEye: [100, 100],
  rightEye: [140, 100],
  nose: [120, 121.6],
  mouthLeft: [104, 140],
  mouthRight: [136, 140],
};

/** All five points moved by `move`. */
export const moved = (points: FivePoints, move: (point: Point) => Point): FivePoints => ({
  leftEye: move(points.leftEye),
  rightEye: move(points.rightEye),
  nose: move(points.nose),
  mouthLeft: move(points.mouthLeft),
  mouthRight: move(points.mouthRight),
});

export const GOOD: Quality = {
  eyeDistancePx: 60,
  sharpness: 800,
  brightness: 120,
  contrast: 50,
  noise: 3,
  yaw: 0,
  pitch: 0,
  roll: 0,
  overall: 0.9,
};

export const LIMITS: QualityLimits = {
  minEyeDistancePx: 24,
  minSharpness: 20,
  minBrightness: 40,
  maxBrightness: 225,
  maxNoise: 25,
  maxYaw: 40,
  maxPitch: 35,
  maxRoll: 45,
};
