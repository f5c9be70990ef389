// pure
import { z } from 'zod';
import { complete } from '../../config/complete.js';
import { confirmSection, haarSection } from '../../config/sections/faces.js';
import { networkInputSchema } from '../../face/network-input.js';
import { pointSchema } from '../../face/observation.js';

/** Photos of a trial, and faces in each of them, at most. */
export const PHOTOS_MAX = 20;
export const FACES_MAX = 8;

/**
 * How a photo is changed before its faces are looked for again. `again`: not at all. All of them show the same people: what
 * changes is what changes at a door as well.
 */
export const VARIANTS = ['again', 'shifted', 'dark', 'bright', 'jpeg', 'turned', 'small', 'mirrored'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Those by which two readings are compared: a wrong scale or offset shows in them first. */
export const COMPARING: readonly Variant[] = ['dark', 'bright', 'mirrored'];

const networkSchema = z.object({ file: z.string(), input: networkInputSchema });

const trialSettingsSchema = z.object({
  faces: z.object({ haar: complete(haarSection), confirm: complete(confirmSection) }),
  confirmer: networkSchema,
  landmarks: networkSchema,
  encoder: z.object({
    file: z.string(),
    output: z.string(),
    template: z.object({
      size: z.int().min(8).max(1024),
      fit: z.enum(['similarity', 'affine']),
      points: z.array(pointSchema).min(3).max(5),
    }),
    /** The reading that is tried, then others to compare it with. */
    inputs: z.array(networkInputSchema).min(1).max(8),
  }),
  /** The other readings are left out where one would take longer. */
  compareMs: z.number().positive(),
});
export type TrialSettings = z.infer<typeof trialSettingsSchema>;

/** For the child: the settings, then the photos (each in the message's blob), then `end`. */
export const toTrialSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('settings'), settings: trialSettingsSchema }),
  z.object({ kind: z.literal('photo') }),
  z.object({ kind: z.literal('end') }),
]);
export type ToTrial = z.infer<typeof toTrialSchema>;

const rowSchema = z.object({
  /** Place in `encoder.inputs`. */
  reading: z.int().min(0).max(7),
  photo: z
    .int()
    .min(0)
    .max(PHOTOS_MAX - 1),
  face: z
    .int()
    .min(0)
    .max(FACES_MAX - 1),
  /** Null: the photo as it is. */
  variant: z.enum(VARIANTS).nullable(),
});
/** What one row of numbers was made of. */
export type TrialRow = z.infer<typeof rowSchema>;

/** From the child. */
export const fromTrialSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), text: z.string().max(200) }),
  z.object({ kind: z.literal('fault'), message: z.string().max(4000) }),
  /** The numbers, row by row as the network gave them, are the blob: little-endian float32. */
  z.object({
    kind: z.literal('rows'),
    rows: z.array(rowSchema).max(8 * PHOTOS_MAX * FACES_MAX * (VARIANTS.length + 1)),
    dimension: z.int().min(1).max(4096),
    encodeMs: z.number().min(0),
  }),
]);
export type FromTrial = z.infer<typeof fromTrialSchema>;
