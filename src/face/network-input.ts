// pure
import { z } from 'zod';
import type { DeepReadonly } from '../kit/deep-readonly.js';

/** As large as the file of a network may be; what stands in its place may have no end. */
export const NETWORK_BYTES_MAX = 200_000_000;

/** SHA-256 of a file, in hex. */
export const fileDigestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** How a network wants its picture; models/manifest.json says it for each. */
export const networkInputSchema = z.object({
  width: z.int().min(8).max(1024),
  height: z.int().min(8).max(1024),
  colour: z.enum(['rgb', 'bgr', 'grey']),
  /** value = (byte − mean[channel]) × scale. One mean serves all channels. */
  mean: z.array(z.number()).min(1).max(3),
  scale: z.number().positive(),
  /** `nchw`: one plane of numbers a colour, which is meant where nothing is said; `nhwc`: the colours of a pixel lie together. */
  layout: z.enum(['nchw', 'nhwc']).optional(),
});
export type NetworkInput = DeepReadonly<z.infer<typeof networkInputSchema>>;
