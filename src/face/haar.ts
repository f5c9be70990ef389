import { existsSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { OperatingError } from '../kit/errors.js';
import { Cascade } from '../kit/opencv/cascade.js';
import type { Picture } from '../kit/opencv/picture.js';
import type { Box } from './observation.js';

/**
 * How faces are searched for: section `faces.haar` of the configuration. `cascade` null looks where the distributions
 * put it; a frame is scaled down to `width`, never up; `minSizePx` counts pixels of the full frame.
 */
export type HaarOptions = Config['faces']['haar'];

/** Photos are searched larger than frames, in finer steps and for smaller faces: no person waits at the door for them. */
export const PHOTO_HAAR = { width: 800, scaleFactor: 1.1, minSizePx: 40 } as const;

const NAME = 'haarcascade_frontalface_default.xml';
const PLACES = [
  '/usr/share/opencv4/haarcascades',
  '/usr/share/opencv/haarcascades',
  '/usr/local/share/opencv4/haarcascades',
];

/** Where the distribution keeps the cascade. @throws OperatingError that lists the places when it is not in any of them. */
export function findCascade(): string {
  const found = PLACES.map((folder) => `${folder}/${NAME}`).find((file) => existsSync(file));
  if (found) return found;
  throw new OperatingError(
    'KAIMON_CASCADE',
    `${NAME} is in none of ${PLACES.join(', ')}: install the package opencv-data or set faces.haar.cascade`,
  );
}

/** Where a face may be, and how many overlapping windows of the cascade say so. */
export type Proposal = Box & { readonly hits: number };

/** Proposes where faces may be. It is fast and often wrong: badges, blinds and sleeves are among the proposals. */
export class HaarProposer {
  readonly #cascade: Cascade;
  readonly #options: HaarOptions;

  constructor(options: HaarOptions) {
    this.#cascade = new Cascade(options.cascade ?? findCascade());
    this.#options = options;
  }

  /** Square boxes in pixels of the frame. No histogram equalisation: it cost 0.8 % of the faces of lfw-dev. */
  propose(frame: Picture): Proposal[] {
    const { width, scaleFactor, minNeighbors, minSizePx } = this.#options;
    const scale = Math.min(1, width / frame.width);
    const grey = frame.grey();
    const small = scale < 1 ? grey.resize(Math.round(frame.width * scale), Math.round(frame.height * scale)) : grey;
    try {
      const minSide = Math.max(24, Math.min(minSizePx * scale, small.height));
      return this.#cascade.detect(small, { scaleFactor, minNeighbors, minSide }).map((box) => ({
        x: box.x / scale,
        y: box.y / scale,
        width: box.width / scale,
        height: box.height / scale,
        hits: box.hits,
      }));
    } finally {
      if (small !== grey) small.release();
      grey.release();
    }
  }
}
