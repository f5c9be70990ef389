/** The child process of `kaimon evaluate liveness`: decodes pictures and videos, which may end it, and measures their frames. */

import { seeded } from '../../kit/seeded-random.js';
import { loadManifest } from '../../models/model-files.js';
import { SEED } from '../figures.js';
import { serveFrames } from '../frames/serve-frames.js';
import { spoilFrame } from '../frames/spoil-frame.js';
import { LivenessEye } from './liveness-eye.js';
import type { LivenessSettings } from './liveness-protocol.js';

serveFrames(async ({ alteration: change, faces, networks }: LivenessSettings) => {
  const eye = await LivenessEye.load(loadManifest(undefined, networks), faces, spoilFrame(change, seeded(SEED)));
  return async (frame, random) => ({ face: (await eye.measure(frame, random)) ?? null });
});
