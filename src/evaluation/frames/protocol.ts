// pure
import { z } from 'zod';
import { isOperatingCode, type OperatingCode } from '../../errors/catalogue.js';

/** Of a video at most so many seconds are measured, and at most so many frames a second. */
export const CLIP_SECONDS_MAX = 60;
export const CLIP_FPS_MAX = 60;

/** A picture, or a video at so many frames a second. */
export interface FileRequest {
  readonly file: string;
  readonly clip: boolean;
  readonly fps: number;
  /** When the picture was taken, or the video begins; 0 where its time does not matter. */
  readonly startMs?: number;
  /** Whether the file goes on where the one before it ended. */
  readonly goesOn?: boolean;
}

/** To the child that measures frames: the settings first, then one file after the other. */
export type ToFrameProcess<S> =
  | { readonly kind: 'settings'; readonly settings: S }
  | ({ readonly kind: 'file' } & FileRequest);

/** A measured frame has its own time. */
export interface Timed {
  /** From the beginning of the file. */
  readonly atMs: number;
}
export const timedSchema = { atMs: z.number().min(0) };

/** From the child: one answer a message. */
export const fromFrameProcessSchema = <F extends Timed>(frame: z.ZodType<F>) =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ready') }),
    z.object({ kind: z.literal('frames'), frames: z.array(frame).max(CLIP_SECONDS_MAX * CLIP_FPS_MAX + 1) }),
    z.object({
      kind: z.literal('fault'),
      code: z.string().refine(isOperatingCode, 'a code of the catalogue of errors'),
      message: z.string(),
    }),
  ]);

export type FromFrameProcess<F> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'frames'; readonly frames: readonly F[] }
  | {
      readonly kind: 'fault';
      readonly code: OperatingCode;
      readonly message: string;
    };
