import type { Config } from '../config/config.js';
import { cutChip, warpAligned } from '../face/chip.js';
import { mergeConfirmed } from '../face/confirmation.js';
import { OnnxEncoder } from '../face/encoder.js';
import { findCascade, HaarProposer } from '../face/haar.js';
import { LandmarkNetwork } from '../face/landmark-network.js';
import { FaceMeter } from '../face/measure.js';
import { Network } from '../face/network.js';
import type { Box, MeasuredFace, Observation, Point } from '../face/observation.js';
import { UltraFace } from '../face/ultraface.js';
import { Cascade } from '../kit/opencv/cascade.js';
import { decodePhoto } from '../kit/opencv/codec.js';
import type { Picture } from '../kit/opencv/picture.js';
import { systemClock } from '../kit/system-clock.js';
import { AppearanceNetworks } from '../liveness/appearance-networks.js';
import type { ModelSet } from '../models/model-set.js';

/** A frame with one face and everything that a stage gets from those before it. */
export interface Prepared {
  readonly jpeg: Buffer;
  readonly frame: Picture;
  readonly grey: Picture;
  readonly proposals: readonly Box[];
  readonly box: Box;
  readonly chip: NonNullable<ReturnType<typeof cutChip>>;
  readonly landmarks: readonly Point[];
  readonly aligned: Picture;
}

export type Parts = Awaited<ReturnType<typeof loadParts>>;

/** Everything of the eye that measures faces, and the bare cascade and networks in it. */
export async function loadParts({ models }: ModelSet, { haar, confirm, max }: Config['faces']) {
  const confirmer = await Network.load(models.confirmer.file, models.confirmer.input);
  const landmarks = await Network.load(models.landmarks.file, models.landmarks.input);
  const parts = {
    haar: new HaarProposer(haar),
    confirmer: new UltraFace(confirmer, confirm),
    landmarks: new LandmarkNetwork(landmarks),
    encoder: await OnnxEncoder.load(models.encoder),
    liveness: models.liveness.length > 0 ? await AppearanceNetworks.load(models.liveness) : undefined,
  };
  const bare = {
    cascade: new Cascade(haar.cascade ?? findCascade()),
    confirmer,
    landmarks,
    // The encoder keeps its network to itself; a second one runs as fast.
    encoder: await Network.load(models.encoder.file, models.encoder.input),
  };
  return { ...parts, bare, options: haar, meter: new FaceMeter(parts, max) };
}

/** Runs a JPEG through all stages up to the encoder. @returns undefined where no face is found */
export async function prepare(parts: Parts, jpeg: Buffer): Promise<Prepared | undefined> {
  const { picture: frame } = await decodePhoto(jpeg);
  const proposals = parts.haar.propose(frame);
  const face = mergeConfirmed(await parts.confirmer.confirm(frame, proposals), 1)[0];
  const chip = face && cutChip(frame, face.box);
  if (!chip) return undefined;
  const landmarks = await parts.landmarks.find(chip, face.box);
  const aligned = warpAligned(chip, landmarks, parts.encoder.template);
  const full = frame.grey();
  const { width } = parts.options;
  const grey = full.resize(width, Math.round((frame.height * width) / frame.width));
  full.release();
  return { jpeg, frame, grey, proposals, box: face.box, chip, landmarks, aligned };
}

/** The Observation of a frame, as the eye would send it. */
export function observationOf(
  { meter }: Parts,
  { width, height }: Picture,
  { proposed, faces }: { readonly proposed: number; readonly faces: MeasuredFace[] },
): Observation {
  const now = systemClock.monotonic();
  const { encoderId: encoder } = meter;
  return { kind: 'observation', frame: 0, takenMs: now, measuredMs: now, width, height, proposed, encoder, faces };
}
