// pure
import { z } from 'zod';

/** Of a clip at most so much is looked at, and so often a second at most. */
export const CLIP_SECONDS_MAX = 60;
export const CLIP_FPS_MAX = 60;

/** A picture, or a video at so many frames a second. */
export interface FileRequest {
  readonly file: string;
  readonly clip: boolean;
  readonly fps: number;
}

/** To the child that looks: the settings first, then one file after the other. */
export type ToLooker<S> =
  | { readonly kind: 'settings'; readonly settings: S }
  | ({ readonly kind: 'file' } & FileRequest);

/** What a look at one frame gives, besides the frame's own time. */
export interface Timed {
  /** From the beginning of the file. */
  readonly atMs: number;
}
export const timedSchema = { atMs: z.number().min(0) };

/** From the child: one answer a message. */
export const fromLookerSchema = <L extends Timed>(look: z.ZodType<L>) =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ready') }),
    z.object({ kind: z.literal('looks'), looks: z.array(look).max(CLIP_SECONDS_MAX * CLIP_FPS_MAX + 1) }),
    z.object({
      kind: z.literal('fault'),
      code: z.string().regex(/^KAIMON_[A-Z_]+$/),
      trouble: z.enum(['usage', 'input', 'environment']),
      message: z.string(),
    }),
  ]);

export type FromLooker<L> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'looks'; readonly looks: readonly L[] }
  | {
      readonly kind: 'fault';
      readonly code: string;
      readonly trouble: 'usage' | 'input' | 'environment';
      readonly message: string;
    };
