/** The child process of `kaimon evaluate gate`: measures the frames of pictures and videos as the eye measures a camera's. */
import { OnnxEncoder } from '../../face/encoder.js';
import { HaarProposer } from '../../face/haar.js';
import { LandmarkNetwork } from '../../face/landmark-network.js';
import { FaceMeter } from '../../face/measure.js';
import { Network } from '../../face/network.js';
import { UltraFace } from '../../face/ultraface.js';
import { loadOpenCv } from '../../kit/opencv/binding.js';
import { AppearanceNetworks } from '../../liveness/appearance-networks.js';
import { serveFrames } from '../frames/serve-frames.js';
import type { GateEyeSettings } from './gate-protocol.js';

serveFrames(async ({ faces, models, mirrored }: GateEyeSettings) => {
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
  return async (frame) => {
    try {
      return { width: frame.width, height: frame.height, ...(await meter.measure(frame)) };
    } finally {
      frame.release();
    }
  };
});
