// pure
import { z } from 'zod';
import type { HaarOptions } from '../../face/haar.js';
import { boxSchema, faceLivenessSchema, pointSchema } from '../../face/observation.js';
import type { UltraFaceOptions } from '../../face/ultraface.js';
import type { Alteration } from './alteration.js';

/** Of a clip at most so much is looked at, and so often a second at most. */
export const CLIP_SECONDS_MAX = 60;
export const CLIP_FPS_MAX = 60;

/** To the child that looks: the settings first, then one file after the other. */
export type ToLooker =
  | {
      readonly kind: 'settings';
      readonly faces: { readonly haar: HaarOptions; readonly confirm: UltraFaceOptions };
      readonly alteration: Alteration;
    }
  | { readonly kind: 'file'; readonly file: string; readonly clip: boolean; readonly fps: number };

const lookSchema = z.object({
  /** From the beginning of the file. */
  atMs: z.number().min(0),
  /** The largest face; null: none was found. */
  face: z
    .object({ box: boxSchema, landmarks: z.array(pointSchema).length(68), liveness: faceLivenessSchema })
    .nullable(),
});
export type FileLook = z.infer<typeof lookSchema>;

export const fromLookerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('looks'), looks: z.array(lookSchema).max(CLIP_SECONDS_MAX * CLIP_FPS_MAX + 1) }),
  z.object({
    kind: z.literal('fault'),
    code: z.string().regex(/^KAIMON_[A-Z_]+$/),
    trouble: z.enum(['usage', 'input', 'environment']),
    message: z.string(),
  }),
]);
export type FromLooker = z.infer<typeof fromLookerSchema>;
