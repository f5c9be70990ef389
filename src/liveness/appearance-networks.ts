import { Network } from '../face/network.js';
import type { Box, FaceLiveness } from '../face/observation.js';
import { clampRegion, type Picture } from '../kit/opencv/picture.js';
import { whyNotScored } from './appearance-bounds.js';
import type { AppearanceModel } from './appearance-model.js';
import { classShare, combineScores } from './appearance-score.js';
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
    for (const model of models) parts.push({ model, network: await Network.load(model.file, model.input) });
    return new AppearanceNetworks(parts);
  }

  /**
   * @param frame the whole frame at full resolution, BGR, as the camera gave it: never brightened, never scaled before
   * @param box the confirmed face. @returns a score, or why there is none; without networks always unknown
   */
  async score(frame: Picture, box: Box): Promise<FaceLiveness> {
    const least = Math.min(...this.#parts.map(({ model }) => model.cropScale));
    const view = appearanceView(box, least, frame.width, frame.height);
    if (!view || frame.channels !== 3) return { kind: 'unknown', why: 'context' };
    const why = whyNotScored({ ...view, ...faceLight(frame, box) });
    if (why) return { kind: 'unknown', why };
    const scores: (number | undefined)[] = [];
    for (const part of this.#parts) scores.push(await score(part, frame, box));
    return combineScores(scores);
  }
}

async function score(
  { model, network }: { model: AppearanceModel; network: Network },
  frame: Picture,
  box: Box,
): Promise<number | undefined> {
  const view = appearanceView(box, model.cropScale, frame.width, frame.height);
  if (!view) return undefined;
  const crop = frame.crop(view.region);
  try {
    // Area averaging: other methods keep the sensor's noise, which looks alive.
    const input = crop.resize(model.input.width, model.input.height, 'area');
    try {
      const [outputs] = await network.run(input);
      return classShare(outputs, model.classes, model.liveClass);
    } finally {
      input.release();
    }
  } finally {
    crop.release();
  }
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
