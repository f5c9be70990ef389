import type { ThresholdCurve } from '../person/thresholds.js';
import type { EyeSettings } from '../service/eye-protocol.js';
import { encoderId, findModel, type Manifest } from './manifest.js';
import { assertModels, modelPath } from './model-files.js';

/** The networks that a gate uses, checked. */
export interface Equipment {
  readonly models: EyeSettings['models'];
  /** `<name>@<digest>` of the encoder, and how many numbers it gives. */
  readonly encoder: string;
  readonly dimension: number;
  /** The encoder's measured thresholds. */
  readonly curve: ThresholdCurve;
}

/**
 * Finds the networks for an encoder's name and checks their digests.
 * @throws OperatingError KAIMON_MODEL_UNKNOWN, KAIMON_MODEL_MISSING, KAIMON_MODEL_DIGEST
 */
export async function equip(manifest: Manifest, encoderName: string): Promise<Equipment> {
  const confirmer = findModel(manifest, 'detector-confirm');
  const landmarks = findModel(manifest, 'landmarks');
  const encoder = findModel(manifest, 'encoder', encoderName);
  await assertModels(
    manifest,
    [confirmer, landmarks, encoder].map(({ name }) => name),
  );
  return {
    models: {
      confirmer: { file: modelPath(confirmer), input: confirmer.input },
      landmarks: { file: modelPath(landmarks), input: landmarks.input },
      encoder: {
        id: encoderId(encoder),
        file: modelPath(encoder),
        input: encoder.input,
        dimension: encoder.output.dimension,
        template: { size: encoder.template.size, points: encoder.template.points },
      },
    },
    encoder: encoderId(encoder),
    dimension: encoder.output.dimension,
    curve: encoder.thresholds,
  };
}
