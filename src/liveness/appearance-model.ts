// pure
import { z } from 'zod';
import { networkInputSchema } from '../face/network-input.js';

/** A network that tells a living face from a picture of one; models/manifest.json says it for each. */
export const appearanceModelSchema = z.object({
  name: z.string(),
  file: z.string(),
  input: networkInputSchema,
  /** Side of its square view in sides of the face. */
  cropScale: z.number().min(1).max(6),
  /** Numbers that it gives, one a class, before softmax; `liveClass` counts from 0. */
  classes: z.int().min(2).max(100),
  liveClass: z.int().min(0).max(99),
});
export type AppearanceModel = z.infer<typeof appearanceModelSchema>;
