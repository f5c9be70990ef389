import { type EyeSettings, eyeSettingsSchema } from '../eye/protocol.js';
import { explain, OperatingError } from '../kit/errors.js';
import type { ThresholdCurve } from '../person/thresholds.js';
import { appearanceModels } from './appearance-models.js';
import { type Calibration, readCalibration } from './calibration.js';
import { encoderId, findModel, type Manifest, type ModelOf } from './manifest.js';
import { assertModels, modelPath } from './model-files.js';

/** The networks that a gate uses; their files are those of the manifest. */
export interface ModelSet {
  readonly models: EyeSettings['models'];
  /** `<name>@<digest>` of the encoder, and how many numbers it gives. */
  readonly encoder: string;
  readonly dimension: number;
  /** The encoder's measured thresholds: the site's own, else those of the manifest; null where none were measured. */
  readonly curve: ThresholdCurve | null;
}

/** The part of the configuration that chooses the networks. */
export interface ModelChoice {
  /** The encoder's name. */
  readonly encoder: string;
  /** Whether the networks that tell living faces from pictures are needed. */
  readonly liveness: boolean;
}

/**
 * Finds the chosen networks and checks their digests.
 * @param calibrationFile the site's own thresholds; they count only for the very encoder that they were measured with
 * @throws OperatingError KAIMON_MODEL_UNKNOWN, KAIMON_MODEL_ADDED, KAIMON_MODEL_MISSING, KAIMON_MODEL_DIGEST, KAIMON_MODEL_READ, KAIMON_CALIBRATION
 */
export async function loadModels(manifest: Manifest, choice: ModelChoice, calibrationFile?: string): Promise<ModelSet> {
  const { set, names } = chooseModels(
    manifest,
    choice,
    calibrationFile === undefined ? undefined : readCalibration(calibrationFile),
  );
  await assertModels(manifest, names);
  return set;
}

/** Finds the chosen networks, whose files are not looked at. @returns with their names @throws OperatingError KAIMON_MODEL_UNKNOWN, KAIMON_MODEL_ADDED */
export function chooseModels(
  manifest: Manifest,
  choice: ModelChoice,
  calibration: Calibration | undefined,
): { readonly set: ModelSet; readonly names: readonly string[] } {
  const confirmer = findModel(manifest, 'detector-confirm');
  const landmarks = findModel(manifest, 'landmarks');
  const encoder = findModel(manifest, 'encoder', choice.encoder);
  const liveness = choice.liveness ? appearanceModels(manifest) : [];
  const set: ModelSet = {
    models: {
      confirmer: { file: modelPath(confirmer), sha256: confirmer.sha256, input: confirmer.input },
      landmarks: { file: modelPath(landmarks), sha256: landmarks.sha256, input: landmarks.input },
      encoder: {
        id: encoderId(encoder),
        file: modelPath(encoder),
        sha256: encoder.sha256,
        input: encoder.input,
        dimension: encoder.output.dimension,
        output: encoder.output.name,
        template: { size: encoder.template.size, fit: encoder.template.fit, points: encoder.template.points },
      },
      liveness,
    },
    encoder: encoderId(encoder),
    dimension: encoder.output.dimension,
    curve: curveOf(encoder, calibration),
  };
  assertFitEye(set.models);
  return { set, names: [confirmer, landmarks, encoder, ...liveness].map(({ name }) => name) };
}

/** A manifest may list networks that no eye takes, and an eye that is sent one would end again and again. @throws OperatingError KAIMON_MODEL_ADDED */
function assertFitEye(models: EyeSettings['models']): void {
  const { error } = eyeSettingsSchema.shape.models.safeParse(models);
  if (!error) return;
  const why = `the eye cannot use the networks that are listed (${explain(error)}): mend or remove the entry that says so`;
  throw new OperatingError('KAIMON_MODEL_ADDED', why, { cause: error });
}

function curveOf(encoder: ModelOf<'encoder'>, calibration: Calibration | undefined): ThresholdCurve | null {
  const own = calibration?.encoder === encoderId(encoder) ? calibration : undefined;
  const thresholds = own?.thresholds ?? encoder.thresholds;
  return thresholds && { ...thresholds, visit: own?.visit ?? encoder.visit };
}
