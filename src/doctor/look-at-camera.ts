import type { Config } from '../config/config.js';
import type { Paths } from '../config/paths.js';
import type { EyeStatus } from '../eye/eye-status.js';
import { eyeLauncher } from '../eye/launcher.js';
import { supervisionPlan } from '../eye/restart-rules.js';
import { EyeSupervisor } from '../eye/supervisor.js';
import type { Observation } from '../face/observation.js';
import { silentLog } from '../kit/log.js';
import { systemClock } from '../kit/system-clock.js';
import { openModels } from '../models/open-models.js';
import { type Checked, findings, ok, problem } from './finding.js';
import { judgeCamera } from './judge/camera.js';
import { doctorsEye } from './look-at-eye.js';

/** An eye loads its networks in a second on a PC and in several on a small board. */
const START_MS = 15_000;
/** A camera opens within a second or two, or not at all. */
const OPEN_MS = 6_000;

/** Starts an eye with the configured camera for some seconds. Only where no gate has the camera. */
export async function lookAtCamera(config: Config, paths: Paths, seconds: number): Promise<Checked> {
  const { models, whyBlind } = openModels({ config, paths });
  const blind = await whyBlind();
  if (blind !== undefined) return findings(ok('camera', `not looked at without networks: ${blind}`));
  // What the machine can do is seen where everything is measured.
  const faces = { ...config.faces, everyFrame: 'full' as const };
  const settings = { camera: config.camera, faces, models };
  const launcher = await eyeLauncher(settings, doctorsEye(config.eye));
  const eye = new EyeSupervisor({
    launcher,
    settings,
    plan: supervisionPlan(config.eye),
    clock: systemClock,
    log: silentLog,
    random: Math.random,
  });
  const observations: Observation[] = [];
  const watch = new Watch();
  try {
    eye.start({
      onObservation: (observation) => void observations.push(observation),
      onRepeats: () => undefined,
      onStatus: (status) => watch.see(status),
    });
    const started = await watch.until(START_MS, ({ state }) => state === 'up' || state === 'waiting');
    if (started?.state !== 'up')
      return findings(
        problem('camera', `the eye does not start: ${started?.lastFault ?? `no answer within ${START_MS / 1000} s`}`),
      );
    const opened = await watch.until(OPEN_MS, ({ camera }) => camera.state === 'live' || camera.state === 'waiting');
    const camera = opened?.camera.state === 'live' ? 'live' : 'missing';
    if (camera === 'live')
      await watch.until(seconds * 1000, ({ state, camera: now }) => state !== 'up' || now.state === 'waiting');
    const trouble = eye.status.lastFault ?? eye.status.camera.why ?? undefined;
    return judgeCamera({ seconds, observations, trouble, camera }, config.faces.quality, config.decision.maxAgeMs);
  } finally {
    eye.stop();
  }
}

/** Waits for what an eye says of itself. */
class Watch {
  #status: EyeStatus | undefined;
  #onStatus: () => void = () => undefined;

  see(status: EyeStatus): void {
    this.#status = status;
    this.#onStatus();
  }

  /** Resolves with the status that is wanted, or once the time is over with the last one. */
  until(ms: number, wanted: (status: EyeStatus) => boolean): Promise<EyeStatus | undefined> {
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel();
        this.#onStatus = () => undefined;
        resolve(this.#status);
      };
      const timer = systemClock.after(ms, finish);
      this.#onStatus = () => {
        if (this.#status !== undefined && wanted(this.#status)) finish();
      };
      this.#onStatus();
    });
  }
}
