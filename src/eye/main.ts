/**
 * The eye process, a table of contents: settings → models → camera → faces → Observation.
 * It only measures. Native code that may crash or hang lives here; the gate replaces it when it does.
 * Started by the gate: requests on standard input, answers on file descriptor 3, logs on standard error.
 */
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import type { CameraSettings } from '../camera/camera-settings.js';
import type { Camera } from '../camera/frame.js';
import { NewestFrame } from '../camera/newest-frame.js';
import { OpenCvCamera } from '../camera/opencv-camera.js';
import { frozenAfterMs } from '../camera/picture-fault.js';
import { PictureWatch } from '../camera/picture-watch.js';
import { ReplayCamera } from '../camera/replay-camera.js';
import { RPICAM_PROGRAMS, RpicamCamera } from '../camera/rpicam-camera.js';
import { OnnxEncoder } from '../face/encoder.js';
import { Attention } from '../face/following/attention.js';
import { HaarProposer, PHOTO_HAAR } from '../face/haar.js';
import { LandmarkNetwork } from '../face/landmark-network.js';
import { FaceMeter } from '../face/measure.js';
import { Network } from '../face/network.js';
import { FACES_MAX } from '../face/observation.js';
import { UltraFace } from '../face/ultraface.js';
import { explain, OperatingError } from '../kit/errors.js';
import { fullCollection } from '../kit/full-collection.js';
import { loadOpenCv } from '../kit/opencv/binding.js';
import { systemClock } from '../kit/system-clock.js';
import { AppearanceNetworks } from '../liveness/appearance-networks.js';
import { SceneWatch } from '../liveness/scene/scene-watch.js';
import { GateLine } from './gate-line.js';
import type { EyeSettings } from './protocol.js';
import { EyeWorker } from './worker.js';

const ALIVE_EVERY_MS = 1000;
const COLLECT_EVERY_MS = 60_000;
const CAMERA_RETRY = { firstMs: 500, factor: 2, maxMs: 30_000, jitter: 0.2 };

raiseOomScore();
const gateLine = new GateLine(new Socket({ fd: 3, readable: false, writable: true }));
let worker: EyeWorker | undefined;
let onConfigured: (ready: EyeWorker) => void;
const configured = new Promise<EyeWorker>((resolve) => {
  onConfigured = resolve;
});

gateLine.listen(process.stdin, (request, blob) => {
  if (request.kind === 'configure') start(request.settings).then(onConfigured, fail);
  else configured.then((ready) => ready.serve(request, blob)).catch(fail);
});
setInterval(
  () =>
    gateLine.send({
      kind: 'alive',
      rssBytes: process.memoryUsage.rss(),
      busyMs: worker?.busyMs ?? 0,
      repeats: worker?.repeats ?? false,
    }),
  ALIVE_EVERY_MS,
);

setInterval(fullCollection(), COLLECT_EVERY_MS);

/** When memory runs out the kernel kills this process first, which is replaced, and never the gate. */
function raiseOomScore(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch (thrown) {
    process.stderr.write(`eye: oom_score_adj was not set: ${explain(thrown)}\n`);
  }
}

async function start(settings: EyeSettings): Promise<EyeWorker> {
  await loadOpenCv();
  const frozenMs = settings.camera ? frozenAfterMs(settings.camera.kind) : undefined;
  const started = new EyeWorker(
    gateLine,
    await meters(settings),
    systemClock,
    settings.models.liveness.length > 0 ? new SceneWatch() : undefined,
    frozenMs === undefined ? undefined : new PictureWatch(frozenMs),
  );
  gateLine.send({ kind: 'ready', encoder: settings.models.encoder.id });
  const { camera } = settings;
  if (camera) {
    const frames = new NewestFrame(() => openCamera(camera), systemClock, {
      stallMs: camera.stallMs,
      retry: CAMERA_RETRY,
      random: Math.random,
      onState: (state) =>
        gateLine.send({ kind: 'camera', ...state, fault: state.state === 'live' ? started.pictureFault : undefined }),
    });
    started.measureFrames(frames).catch(fail);
  }
  worker = started;
  return started;
}

async function meters({ faces, models }: EyeSettings): Promise<{ live: Attention; photo: FaceMeter }> {
  const parts = {
    confirmer: new UltraFace(
      await Network.load(models.confirmer.file, models.confirmer.input, models.confirmer),
      faces.confirm,
    ),
    landmarks: new LandmarkNetwork(await Network.load(models.landmarks.file, models.landmarks.input, models.landmarks)),
    encoder: await OnnxEncoder.load(models.encoder),
  };
  const liveness = models.liveness.length > 0 ? await AppearanceNetworks.load(models.liveness) : undefined;
  const live = new FaceMeter({ ...parts, liveness, haar: new HaarProposer(faces.haar) }, faces.max);
  return {
    live: new Attention(live, { ...faces.pace, everyFrame: faces.everyFrame }),
    photo: new FaceMeter(
      { ...parts, haar: new HaarProposer({ ...faces.haar, ...PHOTO_HAAR }), mirrored: true },
      FACES_MAX,
    ),
  };
}

async function openCamera(settings: CameraSettings): Promise<Camera> {
  const { kind, device, pipeline, path } = settings;
  switch (kind) {
    case 'device':
      return new OpenCvCamera({ ...settings, kind: 'v4l2', device }, systemClock, fail);
    case 'gstreamer':
      return new OpenCvCamera({ kind, pipeline: pipeline ?? '' }, systemClock, fail);
    case 'rpicam':
      return RpicamCamera.open({ ...settings, programs: RPICAM_PROGRAMS }, systemClock);
    case 'replay':
      return new ReplayCamera({ ...settings, path: path ?? '' }, systemClock, (why) =>
        process.stderr.write(`eye: replay: ${why}\n`),
      );
  }
}

function fail(thrown: unknown): void {
  const code = thrown instanceof OperatingError ? thrown.code : 'KAIMON_EYE';
  gateLine.send({ kind: 'fault', code, message: explain(thrown).slice(0, 4000) });
  // Gives the message a moment to leave; the gate does not depend on it.
  setTimeout(() => process.exit(1), 50);
}
