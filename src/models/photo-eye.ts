import type { Config } from '../config/config.js';
import { NOBODY_LISTENS } from '../eye/eye-status.js';
import { eyeLauncher } from '../eye/launcher.js';
import type { PhotoAnswer } from '../eye/protocol.js';
import { supervisionPlan } from '../eye/restart-rules.js';
import { EyeSupervisor } from '../eye/supervisor.js';
import type { MeasuredFace } from '../face/observation.js';
import type { QualityLimits } from '../face/quality.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFile } from '../kit/files/plain-file.js';
import type { Log } from '../kit/log.js';
import { PHOTO_BYTES_MAX } from '../kit/pictures/picture-header.js';
import { systemClock } from '../kit/system-clock.js';
import { photoToEnrol } from '../person/enrolment-rules.js';
import { loadManifest } from './model-files.js';
import { loadModels, type ModelSet } from './model-set.js';

export type MeasuredPhoto = Extract<PhotoAnswer, { ok: true }>;

/** What an eye for photos is started with. */
export interface PhotoEyeSetting {
  readonly config: Pick<Config, 'encoder' | 'faces' | 'eye'>;
  /** The site's own thresholds; undefined: those of the manifest. */
  readonly calibrationFile: string | undefined;
  /** Where networks lie that were added. */
  readonly networks: string;
  readonly log: Log;
}

/**
 * The eye without a camera, with the networks that the configuration names, for commands and evaluations. Photos are
 * decoded in the eye's process, which a broken photo may end.
 */
export class PhotoEye {
  readonly modelSet: ModelSet;
  readonly #eye: EyeSupervisor;

  private constructor(modelSet: ModelSet, eye: EyeSupervisor) {
    this.modelSet = modelSet;
    this.#eye = eye;
  }

  /** @throws OperatingError when models are missing or the eye cannot start. */
  static async start({ config, log, calibrationFile, networks }: PhotoEyeSetting): Promise<PhotoEye> {
    const modelSet = await loadModels(
      loadManifest(undefined, networks),
      { encoder: config.encoder, liveness: false },
      calibrationFile,
    );
    const settings = { camera: null, faces: config.faces, models: modelSet.models };
    const launcher = await eyeLauncher(settings, config.eye);
    const eye = await new Promise<EyeSupervisor>((resolve, reject) => {
      const made: EyeSupervisor = new EyeSupervisor({
        launcher,
        settings,
        plan: supervisionPlan(config.eye),
        clock: systemClock,
        log,
        random: Math.random,
      });
      made.start({
        ...NOBODY_LISTENS,
        onStatus: ({ state, lastFault }) => {
          if (state === 'up') resolve(made);
          if (state !== 'waiting') return;
          made.stop();
          reject(new OperatingError('KAIMON_EYE', `pictures cannot be measured: ${lastFault}`));
        },
      });
    });
    return new PhotoEye(modelSet, eye);
  }

  /**
   * @param turn whether the photo may stand on its head or side; sets of photos for an evaluation do not
   * @throws OperatingError of trouble `input` when the file cannot be read or is no usable picture
   */
  async measure(file: string, { turn = true } = {}): Promise<MeasuredPhoto> {
    const answer = await this.#eye.measurePhoto(await readPhoto(file), { turn });
    if (answer.ok) return answer;
    throw new OperatingError('KAIMON_PHOTO_UNUSABLE', `${file} cannot be used: ${answer.message}`);
  }

  /** The one face of a photo of one person. @throws OperatingError of trouble `input` otherwise. */
  async measureOne(file: string, limits: QualityLimits): Promise<MeasuredFace> {
    const found = photoToEnrol(await this.measure(file), limits);
    if ('face' in found) return found.face;
    throw new OperatingError('KAIMON_PHOTO_FACE', `${file} cannot be used: ${found.fault.text}`, {
      reason: found.fault.code,
    });
  }

  stop(): void {
    this.#eye.stop();
  }
}

async function readPhoto(file: string): Promise<Buffer> {
  try {
    return await readPlainFile(file, PHOTO_BYTES_MAX);
  } catch (cause) {
    throw new OperatingError('KAIMON_PHOTO_READ', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Runs `act` with an eye and stops it whatever happens. */
export async function withPhotoEye<T>(setting: PhotoEyeSetting, act: (eye: PhotoEye) => Promise<T>): Promise<T> {
  const eye = await PhotoEye.start(setting);
  try {
    return await act(eye);
  } finally {
    eye.stop();
  }
}
