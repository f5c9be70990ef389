import type { AppearanceModel } from '../liveness/appearance-model.js';
import { findModel, type Manifest } from './manifest.js';
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
            input: model.input,
            cropScale: model.crop.scale,
            classes: model.output.dimension,
            liveClass: model.output.live,
          },
        ]
      : [],
  );
}
