// pure
import type { Box, FaceLiveness, Point, SceneAround } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';

/** What one frame shows of one face. */
export interface FaceSample {
  readonly atMs: MonotonicMs;
  readonly box: Box;
  /** 68 points, pixels of the frame. */
  readonly landmarks: readonly Point[];
  /** Undefined: not measured. */
  readonly liveness: FaceLiveness | undefined;
  /** Undefined: the scene is not known, or hardly seen. */
  readonly scene?: SceneAround | undefined;
}
