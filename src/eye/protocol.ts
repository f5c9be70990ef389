// pure
import { z } from 'zod';
import { PICTURE_FAULTS } from '../camera/picture-fault.js';
import { complete } from '../config/complete.js';
import { cameraSection } from '../config/sections/camera.js';
import { confirmSection, everyFrameChoice, haarSection, paceSection } from '../config/sections/faces.js';
import { fileDigestSchema, networkInputSchema } from '../face/network-input.js';
import { boxSchema, FACES_MAX, faceSchema, observationSchema, pointSchema } from '../face/observation.js';
import { appearanceModelSchema } from '../liveness/appearance-model.js';

/** Most photos waiting to be measured; more are refused as busy. */
export const PHOTOS_WAITING_MAX = 4;

/** With the digest that its file had when the gate checked it; an eye that starts later must not take another one. */
const networkSchema = z.object({ file: z.string(), sha256: fileDigestSchema.optional(), input: networkInputSchema });

export const eyeSettingsSchema = z.object({
  /** null: no camera, photos only (the command line). */
  camera: complete(cameraSection).nullable(),
  faces: z.object({
    haar: complete(haarSection),
    confirm: complete(confirmSection),
    max: z.int().min(1).max(FACES_MAX),
    everyFrame: everyFrameChoice.unwrap(),
    pace: complete(paceSection),
  }),
  models: z.object({
    confirmer: networkSchema,
    landmarks: networkSchema,
    encoder: networkSchema.extend({
      id: z.string(),
      dimension: z.int().min(1).max(1024),
      output: z.string().max(80).optional(),
      template: z.object({
        size: z.int().min(8).max(1024),
        fit: z.enum(['similarity', 'affine']),
        points: z.array(pointSchema).min(3).max(5),
      }),
    }),
    /** None: liveness is off, or nothing comes from a camera. */
    liveness: z.array(appearanceModelSchema).max(4),
  }),
});
export type EyeSettings = z.infer<typeof eyeSettingsSchema>;

const markSchema = z.object({ box: boxSchema, text: z.string().max(400), tone: z.enum(['good', 'bad', 'neutral']) });

/** What the gate may ask of the eye. The end of the eye's standard input means: stop. */
export const toEyeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('configure'), settings: eyeSettingsSchema }),
  /** Measure the JPEG, PNG or WebP in the message's blob; `turn`: it may stand on its head or side, see face/upright.ts. */
  z.object({ kind: z.literal('photo'), id: z.int(), turn: z.boolean() }),
  /** A JPEG of the newest frame with marks drawn on it; `redact`: of the newest that was searched for faces, without them. */
  z.object({
    kind: z.literal('snapshot'),
    id: z.int(),
    marks: z.array(markSchema).max(FACES_MAX),
    redact: z.boolean(),
  }),
  /** On these faces of that frame, by their numbers, nothing is left to decide: until the next whole frame they may be followed only. */
  z.object({ kind: z.literal('settled'), frame: z.int(), numbers: z.array(z.int()).max(FACES_MAX) }),
]);
export type ToEye = z.infer<typeof toEyeSchema>;

export const photoAnswerSchema = z.discriminatedUnion('ok', [
  z.object({
    kind: z.literal('photo'),
    id: z.int(),
    ok: z.literal(true),
    width: z.int(),
    height: z.int(),
    /** By how much it was turned, degrees clockwise; everything is measured on the turned photo. null: which way up it is cannot be told. */
    turned: z.literal([0, 90, 180, 270]).nullable(),
    proposed: z.int(),
    encoder: z.string().max(64),
    faces: z.array(faceSchema).max(FACES_MAX),
  }),
  z.object({
    kind: z.literal('photo'),
    id: z.int(),
    ok: z.literal(false),
    reason: z.enum(['unusable', 'busy', 'fault']),
    message: z.string().max(1000),
  }),
]);
export type PhotoAnswer = z.infer<typeof photoAnswerSchema>;

export const cameraStateSchema = z.object({
  kind: z.literal('camera'),
  state: z.enum(['opening', 'live', 'waiting', 'ended']),
  attempt: z.int().optional(),
  retryMs: z.number().optional(),
  why: z.string().max(2000).optional(),
  /** With state live: it delivers, and yet nothing can be recognised. */
  fault: z.enum(PICTURE_FAULTS).optional(),
});

/** What the eye sends. It is replaced when it sends anything else, or too many messages. */
export const fromEyeSchema = z.union([
  observationSchema,
  z.object({ kind: z.literal('ready'), encoder: z.string().max(64) }),
  /**
   * A sign of life, once a second, camera or not; `busyMs`: how long the picture at hand has been worked on; `repeats`: the camera
   * has repeated its pictures for a while, which are not measured any more.
   */
  z.object({
    kind: z.literal('alive'),
    rssBytes: z.number(),
    busyMs: z.number().min(0),
    repeats: z.boolean().optional(),
  }),
  cameraStateSchema,
  photoAnswerSchema,
  /** ok: the JPEG is the message's blob. */
  z.object({ kind: z.literal('snapshot'), id: z.int(), ok: z.boolean() }),
  /** The eye cannot work and says why before it exits. */
  z.object({ kind: z.literal('fault'), code: z.string().max(64), message: z.string().max(4000) }),
]);
export type FromEye = z.infer<typeof fromEyeSchema>;
