import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Network } from '../face/network.js';
import { seeded } from '../kit/seeded-random.js';
import type { Manifest } from '../models/manifest.js';
import { fileDigest, modelPath, projectRoot } from '../models/model-files.js';
import { countOf, readPins } from '../models/openface/cmu-pins.js';
import { exportOpenFace } from '../models/openface/export.js';
import { SIDE } from '../models/openface/topology.js';
import { type Timing, timed } from './timer.js';

/** One embedding, the bare network on one thread. */
export interface EncoderFigures {
  readonly name: string;
  readonly megabytes: number;
  readonly whole: Timing;
}

const SEED = 20_261_124;
/** The plain graph and the one that Kaimon writes, of the same made-up weights. */
const STYLES = [
  ['nn4.small2, plain operators', 'operators'],
  ['nn4.small2, decomposed', 'decomposed'],
] as const;

/** Times every encoder that is here, and OpenFace's network in its two forms. @param folder for made-up networks */
export async function benchEncoders(manifest: Manifest, folder: string): Promise<EncoderFigures[]> {
  const figures: EncoderFigures[] = [];
  const measure = async (name: string, network: Network, bytes: number) => {
    figures.push({ name, megabytes: bytes / 1e6, whole: await timed(() => network.infer()) });
  };
  for (const model of manifest.models) {
    if (model.role !== 'encoder' || (await fileDigest(modelPath(model))) !== model.sha256) continue;
    await measure(model.name, await Network.load(modelPath(model), model.input), model.bytes);
  }
  const arrays = madeUpArrays();
  const input = { width: SIDE, height: SIDE, colour: 'rgb', mean: [0], scale: 1 / 255 } as const;
  for (const [name, style] of STYLES) {
    const bytes = exportOpenFace(arrays, { storage: 'float32', style, metadata: {} });
    const file = join(folder, `${style}.onnx`);
    writeFileSync(file, bytes);
    await measure(name, await Network.load(file, input), bytes.length);
  }
  return figures;
}

/** Weights of the right shapes and of usual sizes: time depends on them only through numbers that vanish. */
function madeUpArrays() {
  const random = seeded(SEED);
  const { arrays } = readPins(projectRoot());
  return new Map(
    Object.entries(arrays).map(([file, pin]) => {
      const size = countOf(pin);
      const fan = size / (pin.shape[0] ?? 1);
      const positive = /_v\.csv$|bn\d*_w\.csv$/.test(file);
      const value = () => (positive ? 0.5 + random() : (random() - 0.5) * Math.sqrt(12 / Math.max(1, fan)));
      return [file.replace(/\.csv$/, ''), { shape: pin.shape, data: Float32Array.from({ length: size }, value) }];
    }),
  );
}
