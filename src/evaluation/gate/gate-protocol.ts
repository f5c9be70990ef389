// pure
import { z } from 'zod';
import type { EyeSettings } from '../../eye/protocol.js';
import { boxSchema, FACES_MAX, faceSchema } from '../../face/observation.js';
import type { Alteration } from '../frames/alteration.js';
import { timedSchema } from '../frames/protocol.js';

/** For the child of `kaimon evaluate gate`: the eye's own settings, without a camera. */
export type GateEyeSettings = Pick<EyeSettings, 'faces' | 'models'> & {
  /** Whether templates are measured beside the embeddings. */
  readonly mirrored: boolean;
  readonly alteration: Alteration;
};

/** One frame of an approach as the eye sees it. */
export const seenFrameSchema = z.object({
  ...timedSchema,
  width: z.int(),
  height: z.int(),
  proposed: z.int(),
  faces: z.array(faceSchema).max(FACES_MAX),
  followed: z.array(boxSchema).max(FACES_MAX).optional(),
});
export type SeenFrame = z.infer<typeof seenFrameSchema>;
