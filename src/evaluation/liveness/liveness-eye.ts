import { cutChip } from '../../face/chip.js';
import { mergeConfirmed } from '../../face/confirmation.js';
import { type HaarOptions, HaarProposer } from '../../face/haar.js';
import { LandmarkNetwork } from '../../face/landmark-network.js';
import { Network } from '../../face/network.js';
import type { Box, FaceLiveness, Point } from '../../face/observation.js';
import { UltraFace, type UltraFaceOptions } from '../../face/ultraface.js';
import { UnusableFace } from '../../face/unusable-face.js';
import { loadOpenCv } from '../../kit/opencv/binding.js';
import type { Picture } from '../../kit/opencv/picture.js';
import { AppearanceNetworks } from '../../liveness/appearance-networks.js';
import { appearanceModels } from '../../models/appearance-models.js';
import { findModel, type Manifest } from '../../models/manifest.js';
import { assertModels, modelPath } from '../../models/model-files.js';
import type { SpoilFrame } from '../frames/spoil-frame.js';

/** The largest face of a frame, as far as liveness needs it. */
export interface SeenFace {
  readonly box: Box;
  readonly landmarks: readonly Point[];
  readonly liveness: FaceLiveness;
}

/** Measures frames as the eye at the gate does, without the encoder: whose face it is does not matter here. */
export class LivenessEye {
  readonly #haar: HaarProposer;
  readonly #confirmer: UltraFace;
  readonly #landmarks: LandmarkNetwork;
  readonly #appearance: AppearanceNetworks;
  readonly #spoil: SpoilFrame;

  private constructor(
    haar: HaarProposer,
    confirmer: UltraFace,
    landmarks: LandmarkNetwork,
    appearance: AppearanceNetworks,
    spoil: SpoilFrame,
  ) {
    this.#haar = haar;
    this.#confirmer = confirmer;
    this.#landmarks = landmarks;
    this.#appearance = appearance;
    this.#spoil = spoil;
  }

  /**
   * @param spoil spoils every frame first
   * @throws OperatingError when OpenCV, the cascade or a network is missing or wrong
   */
  static async load(
    manifest: Manifest,
    faces: { readonly haar: HaarOptions; readonly confirm: UltraFaceOptions },
    spoil: SpoilFrame,
  ): Promise<LivenessEye> {
    const [confirmer, landmarks] = [findModel(manifest, 'detector-confirm'), findModel(manifest, 'landmarks')];
    const appearance = appearanceModels(manifest);
    await assertModels(
      manifest,
      [confirmer, landmarks, ...appearance].map(({ name }) => name),
    );
    await loadOpenCv();
    return new LivenessEye(
      new HaarProposer(faces.haar),
      new UltraFace(await Network.load(modelPath(confirmer), confirmer.input), faces.confirm),
      new LandmarkNetwork(await Network.load(modelPath(landmarks), landmarks.input)),
      await AppearanceNetworks.load(appearance),
      spoil,
    );
  }

  /** The largest face; undefined when there is none. Releases the frame. @param random for added noise, uniform in [0, 1) */
  async measure(frame: Picture, random: () => number): Promise<SeenFace | undefined> {
    const seen = await this.#spoil(frame, random);
    try {
      const confirmed = await this.#confirmer.confirm(seen, this.#haar.propose(seen));
      const [face] = mergeConfirmed(confirmed, 1);
      return face && (await this.#measureFace(seen, face.box));
    } finally {
      seen.release();
    }
  }

  async #measureFace(frame: Picture, box: Box): Promise<SeenFace | undefined> {
    const chip = cutChip(frame, box);
    if (!chip) return undefined;
    try {
      const landmarks = await this.#landmarks.find(chip, box);
      return { box, landmarks, liveness: await this.#appearance.score(frame, box) };
    } catch (thrown) {
      if (thrown instanceof UnusableFace) return undefined;
      throw thrown;
    } finally {
      chip.picture.release();
    }
  }
}
