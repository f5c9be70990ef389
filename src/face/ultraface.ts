import type { Config } from '../config/config.js';
import type { Picture } from '../kit/opencv/picture.js';
import { confirm, type Detection, readDetections } from './confirmation.js';
import { contextRegion } from './geometry.js';
import type { Network } from './network.js';
import type { Box } from './observation.js';

/** From which score a proposal is a face, and how much around it the network sees: section `faces.confirm` of the configuration. */
export type UltraFaceOptions = Config['faces']['confirm'];

/** Most proposals confirmed in one frame: a picture of a crowd or of noise must not take seconds. */
const PROPOSALS_MAX = 64;

/** Confirms and corrects proposals: runs the UltraFace network on the surroundings of each. */
export class UltraFace {
  readonly #network: Pick<Network, 'input' | 'run'>;
  readonly #options: UltraFaceOptions;

  constructor(network: Pick<Network, 'input' | 'run'>, options: UltraFaceOptions) {
    this.#network = network;
    this.#options = options;
  }

  /** The faces that the proposals meant; one face may come several times with different boxes. */
  async confirm(frame: Picture, proposals: readonly Box[]): Promise<Detection[]> {
    const confirmed: Detection[] = [];
    for (const proposal of proposals.slice(0, PROPOSALS_MAX)) {
      // A proposal on a face already confirmed costs nothing.
      if (confirmed.some((known) => confirm(proposal, [known]))) continue;
      const found = confirm(proposal, await this.#detect(frame, proposal));
      if (found) confirmed.push(found);
    }
    return confirmed;
  }

  async #detect(frame: Picture, proposal: Box): Promise<Detection[]> {
    const region = contextRegion(proposal, this.#options.context, frame.width, frame.height);
    const view = frame.crop(region);
    const input = view.resize(this.#network.input.width, this.#network.input.height);
    view.release();
    try {
      const [scores, boxes] = await this.#network.run(input);
      if (!scores || !boxes) throw new TypeError('the confirming network has not two outputs');
      return readDetections(scores, boxes, region, this.#options.score);
    } finally {
      input.release();
    }
  }
}
