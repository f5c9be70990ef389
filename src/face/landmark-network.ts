import { type Chip, warpSquare } from './chip.js';
import { boundsOf, centre, squareAround } from './geometry.js';
import type { Network } from './network.js';
import type { Box, Point } from './observation.js';

/**
 * Sides of the network's views, in heights of the detector's box and in extents of the points found first.
 * Chosen among nine on lfw-dev: TAR at FMR 1e-3 rose from 0.957 (one pass over the box itself) to 0.966.
 */
const FIRST_VIEW = 1.15;
const SECOND_VIEW = 1.35;

/** Finds the 68 landmarks of a face. */
export class LandmarkNetwork {
  readonly #network: Pick<Network, 'input' | 'run'>;

  constructor(network: Pick<Network, 'input' | 'run'>) {
    this.#network = network;
  }

  /**
   * Runs the network twice: the points found in the detector's box give centre and size of the second view. Where the points are
   * expected near those of a frame before, once, if the points found ask for the view that they were found in.
   * @param box the face in pixels of the frame. @param expected where its points may be. @returns pixels of the frame, iBUG order
   */
  async find(chip: Chip, box: Box, expected?: readonly Point[]): Promise<Point[]> {
    const known = expected && viewOf(expected, box);
    const first = known ?? squareAround(box, box.height * FIRST_VIEW);
    const rough = await this.#pass(chip, first);
    const second = viewOf(rough, box);
    // Points that all lie in one spot give no second view.
    if (!second || (known && isSameView(known, second))) return rough;
    return this.#pass(chip, second);
  }

  async #pass(chip: Chip, square: Box): Promise<Point[]> {
    const input = warpSquare(chip, square, this.#network.input.width);
    try {
      const [output] = await this.#network.run(input);
      if (output?.length !== 136)
        throw new TypeError(`the landmark network gave ${output?.length ?? 0} numbers, not 136`);
      return Array.from(
        { length: 68 },
        (_, i): Point => [
          square.x + (output[2 * i] as number) * square.width,
          square.y + (output[2 * i + 1] as number) * square.height,
        ],
      );
    } finally {
      input.release();
    }
  }
}

/** The view that points ask for; undefined where they lie in one spot. */
function viewOf(points: readonly Point[], box: Box): Box | undefined {
  const extent = boundsOf(points);
  const side = Math.max(extent.width, extent.height) * SECOND_VIEW;
  return side > box.height / 4 ? squareAround(extent, side) : undefined;
}

/** Two views that differ by no more than this, in sides, give the same points: the jitter of the landmarks is larger. */
const VIEW_TOLERANCE = 0.06;

function isSameView(a: Box, b: Box): boolean {
  const [[ax, ay], [bx, by]] = [centre(a), centre(b)];
  const shift = Math.max(Math.abs(ax - bx), Math.abs(ay - by), Math.abs(a.width - b.width));
  return shift <= VIEW_TOLERANCE * a.width;
}
