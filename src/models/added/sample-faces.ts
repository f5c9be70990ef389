import type { AlignmentTemplate } from '../../face/alignment.js';
import { cutChip, warpAligned } from '../../face/chip.js';
import { mergeConfirmed } from '../../face/confirmation.js';
import { centre } from '../../face/geometry.js';
import { HaarProposer, PHOTO_HAAR } from '../../face/haar.js';
import { LandmarkNetwork } from '../../face/landmark-network.js';
import { Network } from '../../face/network.js';
import type { Box } from '../../face/observation.js';
import { UltraFace } from '../../face/ultraface.js';
import { UnusableFace } from '../../face/unusable-face.js';
import { decodePhoto } from '../../kit/opencv/codec.js';
import type { Affine, Picture } from '../../kit/opencv/picture.js';
import { VARIANTS_OF } from './photo-variants.js';
import { FACES_MAX, type TrialSettings, VARIANTS, type Variant } from './trial-protocol.js';

/** An aligned face of a sample photo. */
export interface AlignedFace {
  readonly face: number;
  readonly variant: Variant | null;
  readonly aligned: Picture;
}

/** Larger photos are scaled down: their faces are far larger than any encoder's input, and the search is not finer for it. */
const LONG_SIDE = 1000;
/** A face of a changed photo is the one whose centre came to lie nearest, within so many of its widths. */
const NEAR = 0.35;

/** Finds and aligns the faces of photos as the eye does: cascade, confirmation, landmarks, alignment. */
export class SampleFaces {
  readonly #haar: HaarProposer;
  readonly #confirmer: UltraFace;
  readonly #landmarks: LandmarkNetwork;
  readonly #template: AlignmentTemplate;

  private constructor(
    haar: HaarProposer,
    confirmer: UltraFace,
    landmarks: LandmarkNetwork,
    template: AlignmentTemplate,
  ) {
    this.#haar = haar;
    this.#confirmer = confirmer;
    this.#landmarks = landmarks;
    this.#template = template;
  }

  /** @throws OperatingError when the cascade or a network is missing or wrong */
  static async load({ faces, confirmer, landmarks, encoder }: TrialSettings): Promise<SampleFaces> {
    return new SampleFaces(
      new HaarProposer({ ...faces.haar, ...PHOTO_HAAR }),
      new UltraFace(await Network.load(confirmer.file, confirmer.input), faces.confirm),
      new LandmarkNetwork(await Network.load(landmarks.file, landmarks.input)),
      encoder.template,
    );
  }

  /** The faces of a photo, of the photo as it is first; release each picture after use. */
  async of(bytes: Buffer): Promise<AlignedFace[]> {
    const whole = (await decodePhoto(bytes)).picture;
    const scale = Math.min(1, LONG_SIDE / Math.max(whole.width, whole.height));
    const photo = whole.resize(Math.round(whole.width * scale), Math.round(whole.height * scale));
    whole.release();
    try {
      const known = await this.#find(photo);
      const faces: AlignedFace[] = known.map(({ aligned }, face) => ({ face, variant: null, aligned }));
      for (const variant of VARIANTS) {
        const changed = await VARIANTS_OF[variant](photo);
        const found = await this.#find(changed.picture);
        changed.picture.release();
        for (const { box, aligned } of found) {
          const face = known.findIndex((one) => isSame(one.box, box, changed.map));
          if (face < 0) aligned.release();
          else faces.push({ face, variant, aligned });
        }
      }
      return faces;
    } finally {
      photo.release();
    }
  }

  async #find(photo: Picture): Promise<{ box: Box; aligned: Picture }[]> {
    const confirmed = await this.#confirmer.confirm(photo, this.#haar.propose(photo));
    const found: { box: Box; aligned: Picture }[] = [];
    for (const { box } of mergeConfirmed(confirmed, FACES_MAX)) {
      const chip = cutChip(photo, box);
      if (!chip) continue;
      try {
        found.push({ box, aligned: warpAligned(chip, await this.#landmarks.find(chip, box), this.#template) });
      } catch (thrown) {
        // As in the eye, one unusable face does not keep the others from being measured.
        if (!(thrown instanceof UnusableFace)) throw thrown;
      } finally {
        chip.picture.release();
      }
    }
    return found;
  }
}

function isSame(before: Box, after: Box, [a, b, tx, c, d, ty]: Affine): boolean {
  const [x, y] = centre(before);
  const [nowX, nowY] = centre(after);
  const width = before.width * Math.hypot(a, c);
  return Math.hypot(a * x + b * y + tx - nowX, c * x + d * y + ty - nowY) < NEAR * width;
}
