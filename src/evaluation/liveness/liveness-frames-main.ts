/** A child process of `kaimon evaluate liveness`: decodes pictures and videos, which may end it, and looks at their frames. */

import { seeded } from '../../kit/seeded-random.js';
import { loadManifest } from '../../models/model-files.js';
import { serveLooks } from '../frames/serve-frames.js';
import { alteration } from './alteration.js';
import { LivenessEye } from './liveness-eye.js';
import type { LivenessSettings } from './liveness-protocol.js';

const SEED = 20_261_124;

serveLooks(async ({ alteration: spoiled, faces }: LivenessSettings) => {
  const { noise, dim } = spoiled;
  const alter = noise > 0 || dim !== 1 ? alteration(spoiled, seeded(SEED)) : undefined;
  const eye = await LivenessEye.load(loadManifest(), faces, alter);
  return async (frame, random) => ({ face: (await eye.look(frame, random)) ?? null });
});
