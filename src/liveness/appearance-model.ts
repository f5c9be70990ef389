// pure
import { z } from 'zod';
import { fileDigestSchema, networkInputSchema } from '../face/network-input.js';

/** How far a network's opinion counts, and where it has none; `models/manifest.json` says it for each. */
export const evidenceSchema = z.object({
  /** Log-likelihood ratio = offset + slope × log odds, natural logarithms, measured on people that chose neither. */
  offset: z.number().min(-20).max(20),
  slope: z.number().min(0).max(5),
  /** The ratio is cut off at these: on a camera that a network never saw it is surer than it should be. */
  least: z.number().min(-20).max(0),
  most: z.number().min(0).max(20),
  /** Outside of these it says nothing; null: it was taught such pictures and knows itself how unsure it is. */
  needs: z
    .object({
      /** Mean grey of the face, least. */
      brightness: z.number().min(0).max(255),
      /** Estimated standard deviation of the pixel noise of the face at full resolution, most. */
      noise: z.number().min(0).max(255),
      /** Sides of the face that its widest look must show, least. */
      context: z.number().min(1).max(6),
    })
    .nullable(),
});
export type EvidenceModel = z.infer<typeof evidenceSchema>;

/** A network that tells a living face from a picture of one. */
export const appearanceModelSchema = z.object({
  name: z.string(),
  file: z.string(),
  sha256: fileDigestSchema.optional(),
  input: networkInputSchema,
  /** Sides of its square looks at the face in sides of the face, in the order of its input. */
  looks: z.array(z.number().min(1).max(6)).min(1).max(4),
  /** What its first output is: one log-likelihood ratio, or numbers of classes before softmax; `live` counts from 0. */
  answer: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('log-likelihood-ratio') }),
    z.object({ kind: z.literal('softmax'), classes: z.int().min(2).max(100), live: z.int().min(0).max(99) }),
  ]),
  evidence: evidenceSchema,
});
export type AppearanceModel = z.infer<typeof appearanceModelSchema>;
