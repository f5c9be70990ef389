import { z } from 'zod';

/** Most faces of one frame that are measured; the largest are taken. */
export const FACES_MAX = 16;

const finite = z.number();
const pixel = z.number().min(-1e5).max(1e5);

export const boxSchema = z.object({
  x: pixel,
  y: pixel,
  width: z.number().min(0).max(1e5),
  height: z.number().min(0).max(1e5),
});
/** Pixels of the frame, origin top left. */
export type Box = z.infer<typeof boxSchema>;

export const pointSchema = z.tuple([pixel, pixel]);
export type Point = z.infer<typeof pointSchema>;

/** What a face crop looked like; every number is measured, nothing is decided here. */
export const qualitySchema = z.object({
  /** Distance of the eye centres in pixels of the frame. */
  eyeDistancePx: z.number().min(0).max(1e5),
  /** Variance of the Laplacian of the aligned 112×112 grey face: higher is sharper. */
  sharpness: z.number().min(0).max(1e7),
  /** Mean grey of the aligned face, 0–255. */
  brightness: z.number().min(0).max(255),
  /** Standard deviation of the grey of the aligned face, 0–128. */
  contrast: z.number().min(0).max(128),
  /** Estimated standard deviation of the pixel noise, 0–255 (Immerkær 1996). */
  noise: z.number().min(0).max(255),
  /** Degrees from the landmarks; positive yaw = nose towards the right of the picture. */
  yaw: z.number().min(-90).max(90),
  pitch: z.number().min(-90).max(90),
  roll: z.number().min(-180).max(180),
  /** 0 (unusable) … 1 (as good as enrolment photos get). */
  overall: z.number().min(0).max(1),
});
export type Quality = z.infer<typeof qualitySchema>;

/** What one frame says of whether a face is alive; the verdict is over the whole track (liveness/verdict.ts). */
export const faceLivenessSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('scored'),
    /** Natural log-likelihood ratio, living face against picture, of all appearance networks together. */
    llr: z.number().min(-100).max(100),
    /** What makes the picture hard to judge: the face too near for a wide look, too dark, too noisy. */
    doubt: z.enum(['context', 'dark', 'noise']).optional(),
  }),
  /** Not scored: the face is not wholly in the frame, is blurred or turned away, or a network's output cannot be used. */
  z.object({ kind: z.literal('unknown'), why: z.enum(['cut-off', 'unclear', 'fault']) }),
]);
export type FaceLiveness = z.infer<typeof faceLivenessSchema>;

/** How much of the scene that the camera has learnt while nobody was there is seen around the people of a frame. */
const sceneAroundSchema = z.object({
  /** Blocks of the frame that could be compared. */
  blocks: z.int().min(1).max(1000),
  /** Likeness of the best quarter of them, −1…1: a passer-by hides some of the scene, a picture before the camera all of it. */
  match: z.number().min(-1.001).max(1.001),
});
export type SceneAround = z.infer<typeof sceneAroundSchema>;

export const faceSchema = z.object({
  box: boxSchema,
  /** In frames of a camera: the eye's number of this face while it is beyond doubt the same. */
  number: z.int().min(1).optional(),
  /** Probability of a face by the confirming network, 0…1. */
  score: z.number().min(0).max(1),
  /** 68 points, iBUG order. */
  landmarks: z.array(pointSchema).length(68),
  quality: qualitySchema,
  /** base64 of little-endian float32, unit length. */
  embedding: z.string().max(5464),
  /** In photos: the mean of the embeddings of the face and of its mirror image, in the same form; what is enrolled. */
  template: z.string().max(5464).optional(),
  /** Absent: liveness was not measured, which does not count as passed. */
  liveness: faceLivenessSchema.optional(),
  /** Absent: the scene is not known, or hardly seen. */
  scene: sceneAroundSchema.optional(),
});
export type MeasuredFace = z.infer<typeof faceSchema>;

/** One frame as the eye saw it. */
export const observationSchema = z.object({
  kind: z.literal('observation'),
  /** Counts frames of this camera session, from 0. */
  frame: z.int().min(0),
  /** When the frame was taken, monotonic milliseconds (same clock as the gate's). */
  takenMs: finite.min(0),
  /** When the measurement was finished. */
  measuredMs: finite.min(0),
  width: z.int().min(1).max(20_000),
  height: z.int().min(1).max(20_000),
  /** Boxes that the Haar cascade proposed, confirmed or not. */
  proposed: z.int().min(0).max(10_000),
  encoder: z.string().max(64),
  /** Everything in them was measured on this very frame: nothing in an observation is older than its frame. */
  faces: z.array(faceSchema).max(FACES_MAX),
  /**
   * Present: the frame was not measured, `faces` is empty, and these are the known faces as they were found again in it, beyond doubt the
   * same. Nothing may be decided by such a frame. Absent: the cascade looked over the whole frame, and every face was measured.
   */
  followed: z.array(boxSchema).max(FACES_MAX).optional(),
});
export type Observation = z.infer<typeof observationSchema>;
