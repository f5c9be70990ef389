import { existsSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadManifest, modelPath, originalPath, projectRoot, samplePath } from '../../src/models/model-files.js';

/** What a test says when it cannot run: models are not in the repository. */
export const NOT_BUILT = 'models are not built here: run "kaimon models build"';

export const manifest = loadManifest();
export const root = projectRoot();
export const modelsBuilt =
  manifest.models.every((model) => existsSync(modelPath(model))) &&
  manifest.samples.every((sample) => existsSync(samplePath(sample))) &&
  manifest.originals.every((original) => existsSync(originalPath(original)));

export interface Output {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Opens a graph of one input; what it returns runs it. Outputs by name. */
export async function openGraph(
  model: string | Uint8Array,
): Promise<(shape: readonly number[], values: Float32Array) => Promise<Record<string, Output>>> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session =
    typeof model === 'string'
      ? await InferenceSession.create(model, options)
      : await InferenceSession.create(model, options);
  return async (shape, values) => {
    const [input] = session.inputNames;
    const outputs = await session.run({ [input as string]: new Tensor('float32', values, shape) });
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }]),
    );
  };
}
