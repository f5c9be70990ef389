import type { Picture } from '../kit/opencv/picture.js';
import { encodeVector, meanDirection } from '../kit/vector.js';
import { cutChip, warpAligned } from './chip.js';
import { type Detection, mergeConfirmed } from './confirmation.js';
import type { Encoder } from './encoder.js';
import { iou } from './geometry.js';
import type { HaarProposer, Proposal } from './haar.js';
import type { LandmarkNetwork } from './landmark-network.js';
import { type FivePoints, fivePoints } from './landmarks.js';
import type { Box, FaceLiveness, MeasuredFace, Point, Quality } from './observation.js';
import { pixelQuality, qualityOf } from './quality.js';
import type { UltraFace } from './ultraface.js';
import { UnusableFace } from './unusable-face.js';

export interface Measured {
  /** Boxes that the cascade proposed. */
  readonly proposed: number;
  /** How strongly the cascade supports the faces: its windows on all of them. Upside down and on its side it hardly fires. */
  readonly support: number;
  /** Largest first. */
  readonly faces: MeasuredFace[];
}

export interface MeterParts {
  readonly haar: Pick<HaarProposer, 'propose'>;
  readonly confirmer: Pick<UltraFace, 'confirm'>;
  readonly landmarks: Pick<LandmarkNetwork, 'find'>;
  readonly encoder: Encoder;
  /** Says whether a face looks alive. Without it liveness is not measured, which does not count as passed. */
  readonly liveness?: LivenessScorer | undefined;
  /** For photos, which people are enrolled from: measures the mirror image of each face as well. */
  readonly mirrored?: boolean;
}

/** Port: one face of a whole frame. */
export interface LivenessScorer {
  score(frame: Picture, box: Box): Promise<FaceLiveness>;
}

/** Port: measures the faces of a picture, which stays the caller's. */
export interface Meter {
  readonly encoderId: string;
  measure(picture: Picture): Promise<Measured>;
  /** The support alone, which costs a part of the measurement. */
  support(picture: Picture): Promise<number>;
}

/** The faces of a picture, and what the cascade proposed there. */
export interface Found {
  readonly proposals: readonly Proposal[];
  readonly confirmed: readonly Detection[];
  /** The largest, largest first. */
  readonly faces: readonly Detection[];
}

/** A face of the frame before: where it was, and its landmarks in a frame in which its box was `landmarksBox`. */
export interface EarlierFace {
  readonly box: Box;
  readonly landmarks: readonly Point[];
  readonly landmarksBox: Box;
}

/** From a frame to measured faces: propose, confirm, landmarks, quality, alignment, embedding. Measures, decides nothing. */
export class FaceMeter implements Meter {
  readonly #parts: MeterParts;
  readonly #maxFaces: number;

  /** @param maxFaces most faces measured in a frame, the largest first */
  constructor(parts: MeterParts, maxFaces: number) {
    this.#parts = parts;
    this.#maxFaces = maxFaces;
  }

  get encoderId(): string {
    return this.#parts.encoder.id;
  }

  /** `frame` is BGR and stays the caller's. */
  async measure(frame: Picture): Promise<Measured> {
    return this.look(frame, await this.find(frame, [], true));
  }

  /** @param known where faces were in the frame before: they are found again there. @param search whether the cascade looks for others */
  async find(frame: Picture, known: readonly Box[], search: boolean): Promise<Found> {
    const proposals = search ? this.#parts.haar.propose(frame) : [];
    const confirmed = await this.#parts.confirmer.confirm(frame, [...known, ...proposals]);
    return { proposals, confirmed, faces: mergeConfirmed(confirmed, this.#maxFaces) };
  }

  /** Measures everything on faces that were found. @param earlier faces of the frame before: their landmarks say where to look first */
  async look(
    frame: Picture,
    { proposals, confirmed, faces: found }: Found,
    earlier: readonly EarlierFace[] = [],
  ): Promise<Measured> {
    const faces: MeasuredFace[] = [];
    for (const detection of found) {
      const face = await this.#measureFace(frame, detection, landmarksNear(detection.box, earlier));
      if (face) faces.push(face);
    }
    return { proposed: proposals.length, support: supportOf(proposals, confirmed), faces };
  }

  async support(picture: Picture): Promise<number> {
    const likely = this.#parts.haar
      .propose(picture)
      .sort((a, b) => b.hits - a.hits)
      .slice(0, LIKELY_MAX);
    return supportOf(likely, await this.#parts.confirmer.confirm(picture, likely));
  }

  async #measureFace(
    frame: Picture,
    { box, score }: Detection,
    expected: readonly Point[] | undefined,
  ): Promise<MeasuredFace | undefined> {
    const chip = cutChip(frame, box);
    if (!chip) return undefined;
    try {
      const landmarks = await this.#parts.landmarks.find(chip, box, expected);
      const five = fivePoints(landmarks);
      const { encoder } = this.#parts;
      const aligned = warpAligned(chip, landmarks, encoder.template);
      try {
        const quality = qualityOfAligned(aligned, five);
        const embedding = await encoder.encode(aligned);
        const template = this.#parts.mirrored && (await withMirrorImage(aligned, embedding, encoder));
        const liveness = await this.#parts.liveness?.score(frame, box);
        return {
          box,
          score,
          landmarks,
          quality,
          embedding: encodeVector(embedding),
          ...(template && { template: encodeVector(template) }),
          ...(liveness && { liveness }),
        };
      } finally {
        aligned.release();
      }
    } catch (thrown) {
      // One unusable face must not keep the others from being measured.
      if (thrown instanceof UnusableFace) return undefined;
      throw thrown;
    } finally {
      chip.picture.release();
    }
  }
}

/** Where the landmarks of a face are to be expected by those that it had before; undefined for a new face. */
function landmarksNear(box: Box, earlier: readonly EarlierFace[]): Point[] | undefined {
  const before = earlier.find((face) => iou(face.box, box) >= EXPECTED_IOU);
  if (!before) return undefined;
  const { landmarks, landmarksBox: from } = before;
  const [sx, sy] = [box.width / from.width, box.height / from.height];
  return landmarks.map(([x, y]): Point => [box.x + (x - from.x) * sx, box.y + (y - from.y) * sy]);
}

/** A box that moved further says little of where the landmarks are. */
const EXPECTED_IOU = 0.5;

/** Proposals looked at for the support alone: those behind them add next to nothing. */
const LIKELY_MAX = 16;
/** How much a proposal and a face must share to count as one. */
const SUPPORT_IOU = 0.2;

const supportOf = (proposals: readonly Proposal[], confirmed: readonly Detection[]): number =>
  proposals
    .filter((proposal) => confirmed.some(({ box }) => iou(proposal, box) >= SUPPORT_IOU))
    .reduce((sum, { hits }) => sum + hits, 0);

/** The mean direction of a face's embedding and its mirror image's: of one photo the steadier template. */
async function withMirrorImage(
  aligned: Picture,
  embedding: Float32Array,
  encoder: Encoder,
): Promise<Float32Array | undefined> {
  const mirrored = aligned.mirror();
  try {
    return meanDirection([embedding, await encoder.encode(mirrored)]);
  } finally {
    mirrored.release();
  }
}

/** @param aligned a square picture. @param five the landmarks in pixels of the frame */
export function qualityOfAligned(aligned: Picture, five: FivePoints): Quality {
  const grey = aligned.grey();
  try {
    return qualityOf(five, pixelQuality(grey.bytes(), aligned.width));
  } finally {
    grey.release();
  }
}
