// pure
import { OperatingError } from '../kit/errors.js';

/**
 * How many single photos one visit is worth to a stranger, by the fewest frames in a mean that may decide: means of one,
 * of two, of three and more frames. A mean of several frames lies no farther from strangers than one photo does, and each
 * frame of a visit decides anew, so that the nearest of all these means counts.
 */
export interface VisitFactors {
  readonly '1': number;
  readonly '2': number;
  readonly '3': number;
}

/** For an encoder of which it was not measured: the most that either of ours showed at any rate, rounded up. */
export const UNMEASURED_VISIT: VisitFactors = { '1': 4, '2': 3.5, '3': 3.1 };

/** Thresholds of an encoder by false match rate of single photos, as its manifest states them, and what a visit is worth. */
export interface ThresholdCurve {
  readonly '1e-2': { readonly threshold: number };
  readonly '1e-3': { readonly threshold: number };
  readonly '1e-4': { readonly threshold: number };
  readonly '1e-5': { readonly threshold: number };
  readonly visit?: VisitFactors | undefined;
}

/**
 * The curve to decide by. An encoder whose error rates were never measured has no curve: then a threshold set by hand is
 * needed, and it stands for every rate. @param encoder for the message. @throws OperatingError KAIMON_ENCODER_UNMEASURED
 */
export function usableCurve(curve: ThresholdCurve | null, encoder: string, byHand: number | null): ThresholdCurve {
  if (curve) return curve;
  if (byHand === null)
    throw new OperatingError(
      'KAIMON_ENCODER_UNMEASURED',
      `the error rates of the encoder ${encoder} were not measured, so it has no thresholds: run "kaimon calibrate DIR" with photos of your people, or set decision.threshold`,
    );
  const same = { threshold: byHand };
  return { '1e-2': same, '1e-3': same, '1e-4': same, '1e-5': same };
}

export interface ChosenThreshold {
  /** Squared distance. */
  readonly threshold: number;
  /** The false match rate that the threshold stands for; null when it was set by hand. */
  readonly fmr: number | null;
  /** The gallery is too large for the encoder to keep the target rate: the threshold is the strictest of the curve. */
  readonly tooLarge: boolean;
}

const LOOSEST = 1e-3;
/** One decade beyond what was measured; nothing is known further on. */
const STRICTEST = 1e-6;

/**
 * The threshold of one photo for a gallery: a stranger is compared with every template in it, so each of the K comparisons may err
 * with 1 − (1 − targetFpir)^(1/K) only. K counts templates and not people, because ten photos of one person are ten
 * chances of a false match. Between measured points the threshold is interpolated on the logarithm of the rate; from 1e-5
 * down to 1e-6 the line of the last decade is continued, which errs on the strict side, because the curves of all our
 * encoders get flatter there. Never looser than FMR 1e-3, never stricter than 1e-6.
 * @param byHand `decision.threshold` of the configuration; taken as it is.
 * @param photos how many photos the stranger is compared by
 */
export function chooseThreshold(
  curve: ThresholdCurve,
  targetFpir: number,
  templates: number,
  byHand: number | null,
  photos = 1,
): ChosenThreshold {
  if (byHand !== null) return { threshold: byHand, fmr: null, tooLarge: false };
  const wanted = 1 - (1 - targetFpir) ** (1 / (Math.max(1, templates) * photos));
  const fmr = Math.min(LOOSEST, Math.max(STRICTEST, wanted));
  const points: readonly [number, number][] = [
    [-3, curve['1e-3'].threshold],
    [-4, curve['1e-4'].threshold],
    [-5, curve['1e-5'].threshold],
  ];
  const at = Math.log10(fmr);
  const [from, to] = at >= -4 ? [points[0], points[1]] : [points[1], points[2]];
  const [x1, y1] = from as [number, number];
  const [x2, y2] = to as [number, number];
  const threshold = Math.max(0, y1 + ((y2 - y1) * (at - x1)) / (x2 - x1));
  return { threshold, fmr, tooLarge: wanted < STRICTEST * 0.999 };
}

/** The part of section `decision` that the threshold of a visit follows from. */
export interface VisitRule {
  readonly targetFpir: number;
  readonly threshold: number | null;
  /** Fewest frames in a mean that may decide, from 1. */
  readonly agree: number;
}

/**
 * The share of the target that is aimed at: sets of photos are not your door, and five photos of different days of a look-alike came to three
 * times the rate that single photos foretold (docs/encoders.md).
 */
const AIM = 1 / 4;

/**
 * The threshold of the mean of a track's frames: such that a stranger's whole visit, with a decision at every frame, is
 * taken for somebody at a quarter of the target rate. `tooLarge` says that not even the target can be kept.
 */
export function chooseForVisits(
  curve: ThresholdCurve,
  { targetFpir, threshold, agree }: VisitRule,
  templates: number,
): ChosenThreshold {
  const factors = curve.visit ?? UNMEASURED_VISIT;
  const photos = factors[agree >= 3 ? '3' : agree >= 2 ? '2' : '1'];
  const { tooLarge } = chooseThreshold(curve, targetFpir, templates, threshold, photos);
  return { ...chooseThreshold(curve, targetFpir, templates, threshold, photos / AIM), tooLarge };
}
