import { Network } from '../face/network.js';
import type { Box, FaceLiveness } from '../face/observation.js';
import { clampRegion, type Picture } from '../kit/opencv/picture.js';
import { doubtOf, INSIDE_MIN } from './appearance-bounds.js';
import { evidenceOf, type FaceConditions, sumEvidence } from './appearance-evidence.js';
import type { AppearanceModel } from './appearance-model.js';
import { appearanceView } from './appearance-view.js';
import { pixelNoise } from './pixel-noise.js';

/** Noise is estimated on the middle of a large face, of this side in pixels: more costs time and changes nothing. */
const NOISE_SIDE_MAX = 320;

/** Scores faces of a frame by all appearance networks of the manifest; the eye's half of liveness. */
export class AppearanceNetworks {
  readonly #parts: readonly { readonly model: AppearanceModel; readonly network: Network }[];

  private constructor(parts: readonly { model: AppearanceModel; network: Network }[]) {
    this.#parts = parts;
  }

  /** @throws OperatingError KAIMON_MODEL_LOAD */
  static async load(models: readonly AppearanceModel[]): Promise<AppearanceNetworks> {
    const parts: { model: AppearanceModel; network: Network }[] = [];
    for (const model of models)
      parts.push({
        model,
        network: await Network.load(model.file, model.input, { pictures: model.looks.length, sha256: model.sha256 }),
      });
    return new AppearanceNetworks(parts);
  }

  /**
   * @param frame the whole frame at full resolution, BGR, as the camera gave it: never brightened, never scaled before
   * @param box the confirmed face. @returns the evidence of all networks, or why there is none; without networks always unknown
   */
  async score(frame: Picture, box: Box): Promise<FaceLiveness> {
    const widest = Math.max(1, ...this.#parts.flatMap(({ model }) => model.looks));
    const view = appearanceView(box, widest, frame.width, frame.height);
    if (!view || !(view.inside >= INSIDE_MIN) || frame.channels !== 3) return { kind: 'unknown', why: 'cut-off' };
    const seen = { ...faceLight(frame, box), context: view.context };
    const parts: (number | undefined)[] = [];
    for (const part of this.#parts) parts.push(await evidence(part, frame, box, seen));
    return sumEvidence(parts, doubtOf(seen));
  }
}

async function evidence(
  { model, network }: { model: AppearanceModel; network: Network },
  frame: Picture,
  box: Box,
  seen: FaceConditions,
): Promise<number | undefined> {
  for (const [i, scale] of model.looks.entries()) if (!fillLook(network, i, frame, box, scale)) return undefined;
  const [outputs] = await network.infer();
  return evidenceOf(outputs, model, seen);
}

/** Puts one square look at a face into the network's input. @returns whether there is such a look */
function fillLook(network: Network, at: number, frame: Picture, box: Box, scale: number): boolean {
  const view = appearanceView(box, scale, frame.width, frame.height);
  if (!view) return false;
  const crop = frame.crop(view.region);
  try {
    // Area averaging: other methods keep the sensor's noise, which looks alive.
    const look = crop.resize(network.input.width, network.input.height);
    try {
      network.fill(look, at);
    } finally {
      look.release();
    }
  } finally {
    crop.release();
  }
  return true;
}

/** Mean grey and noise of the face in the frame; NaN where there is no face. */
function faceLight(frame: Picture, box: Box): { brightness: number; noise: number } {
  const region = clampRegion(box, frame.width, frame.height);
  if (!region) return { brightness: Number.NaN, noise: Number.NaN };
  const face = frame.crop(region);
  try {
    const grey = face.grey();
    try {
      const bytes = grey.bytes();
      const brightness = bytes.reduce((sum, value) => sum + value, 0) / bytes.length;
      return { brightness, noise: noiseOfMiddle(grey) };
    } finally {
      grey.release();
    }
  } finally {
    face.release();
  }
}

function noiseOfMiddle(grey: Picture): number {
  const width = Math.min(grey.width, NOISE_SIDE_MAX);
  const height = Math.min(grey.height, NOISE_SIDE_MAX);
  const x = Math.floor((grey.width - width) / 2);
  const y = Math.floor((grey.height - height) / 2);
  const middle = grey.crop({ x, y, width, height });
  try {
    return pixelNoise(middle.bytes(), width, height);
  } finally {
    middle.release();
  }
}
