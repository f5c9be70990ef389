import { open } from 'node:fs/promises';
import type { Config } from '../config/config.js';
import { eyeLauncher } from '../eye/launcher.js';
import type { PhotoAnswer } from '../eye/protocol.js';
import { supervisionPlan } from '../eye/restart-rules.js';
import { EyeSupervisor } from '../eye/supervisor.js';
import type { MeasuredFace } from '../face/observation.js';
import type { QualityLimits } from '../face/quality.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { PHOTO_BYTES_MAX } from '../kit/opencv/picture-header.js';
import { systemClock } from '../kit/system-clock.js';
import { faceToEnrol } from '../person/enrolment-rules.js';
import { loadManifest } from './model-files.js';
import { loadModels, type ModelSet } from './model-set.js';

export type MeasuredPhoto = Extract<PhotoAnswer, { ok: true }>;

/** What an eye for photos is started with. */
export interface PhotoEyeSetting {
  readonly config: Pick<Config, 'encoder' | 'faces' | 'eye'>;
  /** The site's own thresholds; undefined: those of the manifest. */
  readonly calibrationFile: string | undefined;
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
  static async start({ config, log, calibrationFile }: PhotoEyeSetting): Promise<PhotoEye> {
    const modelSet = await loadModels(loadManifest(), { encoder: config.encoder, liveness: false }, calibrationFile);
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
        onObservation: () => undefined,
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

  /** @throws OperatingError of trouble `input` when the file cannot be read or is no usable picture. */
  async measure(file: string): Promise<MeasuredPhoto> {
    const answer = await this.#eye.measurePhoto(await readPhoto(file));
    if (answer.ok) return answer;
    throw new OperatingError('KAIMON_PHOTO_UNUSABLE', `${file} cannot be used: ${answer.message}`);
  }

  /** The one face of a photo of one person. @throws OperatingError of trouble `input` otherwise. */
  async measureOne(file: string, limits: QualityLimits): Promise<MeasuredFace> {
    const { faces } = await this.measure(file);
    const found = faceToEnrol(faces, limits);
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
    const handle = await open(file, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new Error('it is not a plain file');
      if (stat.size > PHOTO_BYTES_MAX)
        throw new Error(`it has ${stat.size} bytes, at most ${PHOTO_BYTES_MAX} are allowed`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
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
