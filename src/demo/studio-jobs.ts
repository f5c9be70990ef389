// pure
import { z } from 'zod';
import type { DeepReadonly } from '../kit/deep-readonly.js';

const likeness = z.object({
  photo: z.string(),
  centre: z.tuple([z.number(), z.number()]),
  height: z.number().positive(),
  turn: z.number(),
});
const place = z.tuple([z.number(), z.number(), z.number().positive()]);
const scene = z.object({
  title: z.string(),
  frames: z.int().min(1).max(10_000),
  actors: z
    .array(z.object({ as: z.enum(['person', 'print', 'phone']).optional(), likeness, from: place, to: place }))
    .max(8),
  light: z.tuple([z.number(), z.number()]),
  noise: z.number().min(0).max(100),
  expect: z.array(z.object({ name: z.string(), grant: z.boolean() })),
});
const mark = z.object({
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
  text: z.string().max(400),
  tone: z.enum(['good', 'bad', 'neutral']),
});

/** What the studio process is asked for: one job a process. */
export const studioJobSchema = z.discriminatedUnion('job', [
  /** Frames 000000.jpg … into the folder `out`. */
  z.object({
    job: z.literal('film'),
    photos: z.string(),
    out: z.string(),
    seed: z.int(),
    script: z.object({
      width: z.int().min(64).max(4096),
      height: z.int().min(64).max(4096),
      fps: z.number().positive(),
      scenes: z.array(scene).min(1).max(100),
    }),
  }),
  /** An enrolment photo of each likeness. */
  z.object({
    job: z.literal('portraits'),
    photos: z.string(),
    portraits: z.array(z.object({ likeness, out: z.string() })).max(20),
  }),
  /** Marks drawn on a picture. */
  z.object({ job: z.literal('annotate'), picture: z.string(), marks: z.array(mark).max(20), out: z.string() }),
]);
export type StudioJob = DeepReadonly<z.infer<typeof studioJobSchema>>;
