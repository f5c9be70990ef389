import type { AppearanceModel } from '../liveness/appearance-model.js';
import { findModel, type Manifest, type ModelOf } from './manifest.js';
import { modelPath } from './model-files.js';

/**
 * Every liveness network of the manifest, including those that this installation added, as the eye needs them.
 * @throws OperatingError KAIMON_MODEL_UNKNOWN when there is none
 */
export function appearanceModels(manifest: Manifest): AppearanceModel[] {
  findModel(manifest, 'liveness');
  return manifest.models.flatMap((model) =>
    model.role === 'liveness'
      ? [
          {
            name: model.name,
            file: modelPath(model),
            sha256: model.sha256,
            input: model.input,
            looks: model.looks,
            answer: answerOf(model.output),
            evidence: model.evidence,
          },
        ]
      : [],
  );
}

function answerOf(output: ModelOf<'liveness'>['output']): AppearanceModel['answer'] {
  const { activation: kind } = output;
  return kind === 'softmax' ? { kind, classes: output.dimension, live: output.live } : { kind };
}
