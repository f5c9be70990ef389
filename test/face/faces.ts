import type { MeasuredFace, Observation, Quality } from '../../src/face/observation.js';
import { encodeVector } from '../../src/kit/vector.js';
import { ENCODER } from '../person/sample.js';
import { GOOD } from './sample.js';

/** A face as the eye measures it; good, in the middle, and of the given direction. */
export function measuredFace({
  box = { x: 200, y: 150, width: 160, height: 200 },
  quality = {},
  vector = Float32Array.from([1, 0, 0, 0]),
}: {
  readonly box?: MeasuredFace['box'];
  readonly quality?: Partial<Quality>;
  readonly vector?: Float32Array;
} = {}): MeasuredFace {
  return {
    box,
    score: 0.99,
    landmarks: Array.from({ length: 68 }, () => [box.x, box.y]),
    quality: { ...GOOD, ...quality },
    embedding: encodeVector(vector),
  };
}

export const observed = (faces: readonly MeasuredFace[], change: Partial<Observation> = {}): Observation => ({
  kind: 'observation',
  frame: 0,
  takenMs: 0,
  measuredMs: 0,
  width: 640,
  height: 480,
  proposed: faces.length,
  encoder: ENCODER,
  faces: [...faces],
  ...change,
});
