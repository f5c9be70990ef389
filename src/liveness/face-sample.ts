// pure
import type { Box, FaceLiveness, Point } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';

/** What one frame shows of one face. */
export interface FaceSample {
  readonly atMs: MonotonicMs;
  readonly box: Box;
  /** 68 points, pixels of the frame. */
  readonly landmarks: readonly Point[];
  /** Undefined: not measured. */
  readonly liveness: FaceLiveness | undefined;
}
