import type { Picture } from '../kit/opencv/picture.js';
import { encodeVector } from '../kit/vector.js';
import { inTemplateOrder, similarity } from './alignment.js';
import { type Chip, cutChip, toChip, warpSquare } from './chip.js';
import { confirm, type Detection, mergeConfirmed, readDetections } from './confirmation.js';
import type { Encoder } from './encoder.js';
import { boundsOf, contextRegion, squareAround } from './geometry.js';
import type { HaarProposer } from './haar.js';
import { fivePoints } from './landmarks.js';
import type { Network } from './network.js';
import type { Box, MeasuredFace, Point } from './observation.js';
import { pixelQuality, qualityOf } from './quality.js';

export interface MeterOptions {
  /** UltraFace's score from which a proposal is a face, 0…1. */
  readonly confirmScore: number;
  /** Height of the confirming network's view in sides of the proposal. */
  readonly context: number;
  /** Most faces measured in a frame, the largest first. */
  readonly maxFaces: number;
}

export interface Measured {
  /** Boxes that the cascade proposed. */
  readonly proposed: number;
  /** Largest first. */
  readonly faces: MeasuredFace[];
}

/**
 * Sides of the landmark network's views, in heights of the detector's box and in extents of the points found first.
 * Chosen among nine on lfw-dev: TAR at FMR 1e-3 rose from 0.957 (one look at the box itself) to 0.966.
 */
const FIRST_LOOK = 1.15;
const SECOND_LOOK = 1.35;

/** Proposals confirmed in one frame are bounded: a picture of a crowd or of noise must not stop the clock. */
const PROPOSALS_MAX = 64;

/** From a frame to measured faces: propose, confirm, landmarks, quality, alignment, embedding. Measures, decides nothing. */
export class FaceMeter {
  readonly #parts: {
    readonly haar: HaarProposer;
    readonly confirmer: Network;
    readonly landmarks: Network;
    readonly encoder: Encoder;
  };
  readonly #options: MeterOptions;

  constructor(
    parts: { haar: HaarProposer; confirmer: Network; landmarks: Network; encoder: Encoder },
    options: MeterOptions,
  ) {
    this.#parts = parts;
    this.#options = options;
  }

  get encoderId(): string {
    return this.#parts.encoder.id;
  }

  /** `frame` is BGR and stays the caller's. */
  async measure(frame: Picture): Promise<Measured> {
    const proposals = this.#parts.haar.propose(frame);
    const detections = await this.#confirm(frame, proposals);
    const faces: MeasuredFace[] = [];
    for (const detection of detections) {
      const face = await this.#measureFace(frame, detection);
      if (face) faces.push(face);
    }
    return { proposed: proposals.length, faces };
  }

  async #confirm(frame: Picture, proposals: readonly Box[]): Promise<Detection[]> {
    const confirmed: Detection[] = [];
    for (const proposal of proposals.slice(0, PROPOSALS_MAX)) {
      // A proposal on a face already confirmed costs nothing.
      if (confirmed.some((known) => confirm(proposal, [known]))) continue;
      const found = confirm(proposal, await this.#detect(frame, proposal));
      if (found) confirmed.push(found);
    }
    return mergeConfirmed(confirmed, this.#options.maxFaces);
  }

  async #detect(frame: Picture, proposal: Box): Promise<Detection[]> {
    const { confirmer } = this.#parts;
    const region = contextRegion(proposal, this.#options.context, frame.width, frame.height);
    const view = frame.crop(region);
    const input = view.resize(confirmer.input.width, confirmer.input.height);
    view.release();
    try {
      const [scores, boxes] = await confirmer.run(input);
      if (!scores || !boxes) throw new TypeError('the confirming network has not two outputs');
      return readDetections(scores, boxes, region, this.#options.confirmScore);
    } finally {
      input.release();
    }
  }

  async #measureFace(frame: Picture, { box, score }: Detection): Promise<MeasuredFace | undefined> {
    const chip = cutChip(frame, box);
    if (!chip) return undefined;
    try {
      const landmarks = await this.#landmarks(chip, box);
      const five = fivePoints(landmarks);
      const { encoder } = this.#parts;
      const { size, points } = encoder.template;
      const from = inTemplateOrder(five).map((point) => toChip(chip, point));
      const aligned = chip.picture.warp(similarity(from, points), size, size);
      try {
        const grey = aligned.grey();
        const quality = qualityOf(five, pixelQuality(grey.bytes(), size));
        grey.release();
        const embedding = encodeVector(await encoder.encode(aligned));
        return { box, score, landmarks, quality, embedding };
      } finally {
        aligned.release();
      }
    } finally {
      chip.picture.release();
    }
  }

  /** Twice: the first look at the detector's box centres and sizes the second one on the points themselves. */
  async #landmarks(chip: Chip, box: Box): Promise<Point[]> {
    const rough = await this.#look(chip, squareAround(box, box.height * FIRST_LOOK));
    const extent = boundsOf(rough);
    const side = Math.max(extent.width, extent.height) * SECOND_LOOK;
    // Points that collapsed into a spot are no face to look at again.
    return side > box.height / 4 ? this.#look(chip, squareAround(extent, side)) : rough;
  }

  async #look(chip: Chip, square: Box): Promise<Point[]> {
    const network = this.#parts.landmarks;
    const input = warpSquare(chip, square, network.input.width);
    try {
      const [output] = await network.run(input);
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
