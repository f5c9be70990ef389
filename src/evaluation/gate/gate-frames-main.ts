/**
 * The child process of `kaimon evaluate gate`: measures the faces of pictures and videos as the eye measures a camera's, spoiled first
 * where that is asked for. The scene takes no part: a set has no frames without people to learn it from.
 */
import { OnnxEncoder } from '../../face/encoder.js';
import { Attention } from '../../face/following/attention.js';
import { HaarProposer } from '../../face/haar.js';
import { LandmarkNetwork } from '../../face/landmark-network.js';
import { FaceMeter } from '../../face/measure.js';
import { Network } from '../../face/network.js';
import { UltraFace } from '../../face/ultraface.js';
import { loadOpenCv } from '../../kit/opencv/binding.js';
import { seeded } from '../../kit/seeded-random.js';
import { AppearanceNetworks } from '../../liveness/appearance-networks.js';
import { SEED } from '../figures.js';
import { serveFrames } from '../frames/serve-frames.js';
import { spoilFrame } from '../frames/spoil-frame.js';
import type { GateEyeSettings } from './gate-protocol.js';

serveFrames(async ({ faces, models, mirrored, alteration }: GateEyeSettings) => {
  await loadOpenCv();
  const meter = new FaceMeter(
    {
      haar: new HaarProposer(faces.haar),
      confirmer: new UltraFace(await Network.load(models.confirmer.file, models.confirmer.input), faces.confirm),
      landmarks: new LandmarkNetwork(await Network.load(models.landmarks.file, models.landmarks.input)),
      encoder: await OnnxEncoder.load(models.encoder),
      liveness: models.liveness.length > 0 ? await AppearanceNetworks.load(models.liveness) : undefined,
      mirrored,
    },
    faces.max,
  );
  const spoil = spoilFrame(alteration, seeded(SEED));
  const attention = () => new Attention(meter, { ...faces.pace, everyFrame: faces.everyFrame });
  let watcher = attention();
  return async (frame, random, { atMs, goesOn }) => {
    if (!goesOn) watcher = attention();
    const seen = await spoil(frame, random);
    try {
      return { width: seen.width, height: seen.height, ...(await watcher.watch(seen, atMs)) };
    } finally {
      seen.release();
    }
  };
});
