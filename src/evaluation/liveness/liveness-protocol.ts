// pure
import { z } from 'zod';
import type { HaarOptions } from '../../face/haar.js';
import { boxSchema, faceLivenessSchema, pointSchema } from '../../face/observation.js';
import type { UltraFaceOptions } from '../../face/ultraface.js';
import type { Alteration } from '../frames/alteration.js';
import { timedSchema } from '../frames/protocol.js';

/** For the child of `kaimon evaluate liveness`. */
export interface LivenessSettings {
  readonly faces: { readonly haar: HaarOptions; readonly confirm: UltraFaceOptions };
  readonly alteration: Alteration;
  /** Where networks lie that were added. */
  readonly networks: string;
}

/** One frame, as far as liveness needs it. */
export const livenessFrameSchema = z.object({
  ...timedSchema,
  /** The largest face; null: none was found. */
  face: z
    .object({ box: boxSchema, landmarks: z.array(pointSchema).length(68), liveness: faceLivenessSchema })
    .nullable(),
});
export type LivenessFrame = z.infer<typeof livenessFrameSchema>;
