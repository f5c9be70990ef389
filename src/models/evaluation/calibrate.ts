// pure

import { OperatingError } from '../../kit/errors.js';
import type { ThresholdCurve } from '../../person/thresholds.js';
import type { Calibration } from '../calibration.js';
import { MATCH_RATES } from '../manifest.js';
import { type PairDistances, thresholdAt } from './figures.js';

/** A rate counts as measured when it stands for at least so many false matches: fewer are chance. */
const FALSE_MATCHES_MIN = 10;

/** Impostor pairs without which not even FMR 1e-2 is measured. */
export const IMPOSTOR_PAIRS_MIN = FALSE_MATCHES_MIN / 1e-2;

/**
 * Thresholds from a site's own photos. A rate for which there are pairs enough is measured. Beyond it the threshold is
 * continued over the logarithm of the rate as steeply as over the last decade that was measured: with all our encoders the
 * curve gets flatter there, so that the line errs on the strict side. Never looser than the release's threshold: few people
 * of one site say little about strangers.
 * @throws OperatingError KAIMON_CALIBRATION_SMALL when there are too few pairs of different people
 */
export function calibrate(distances: PairDistances, release: ThresholdCurve | null): Calibration['thresholds'] {
  const pairs = distances.impostorTotal;
  if (pairs < IMPOSTOR_PAIRS_MIN)
    throw new OperatingError(
      'KAIMON_CALIBRATION_SMALL',
      'input',
      `the photos give ${pairs} pairs of different people; at least ${IMPOSTOR_PAIRS_MIN} are needed (46 people with one photo each, or fewer people with more photos)`,
    );
  const strictest = MATCH_RATES.map(Number)
    .filter((rate) => rate * pairs >= FALSE_MATCHES_MIN)
    .reduce((least, rate) => Math.min(least, rate), 1);
  const last = thresholdAt(strictest, distances);
  const slope = thresholdAt(strictest * 10, distances) - last;
  const own = (rate: number) =>
    rate >= strictest * 0.999 ? thresholdAt(rate, distances) : last + slope * Math.log10(rate / strictest);
  const limit = (rate: (typeof MATCH_RATES)[number]): Calibration['thresholds']['1e-2'] => {
    const threshold = Math.max(0, own(Number(rate)));
    const released = release?.[rate].threshold ?? 4;
    if (released < threshold) return { threshold: released, from: 'release' };
    return { threshold, from: Number(rate) >= strictest * 0.999 ? 'measured' : 'extended' };
  };
  return { '1e-2': limit('1e-2'), '1e-3': limit('1e-3'), '1e-4': limit('1e-4'), '1e-5': limit('1e-5') };
}
