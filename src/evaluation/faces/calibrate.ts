// pure

import { OperatingError } from '../../kit/errors.js';
import type { Calibration } from '../../models/calibration.js';
import { MATCH_RATES } from '../../models/manifest.js';
import type { ThresholdCurve } from '../../person/thresholds.js';
import { type PairDistances, thresholdAt } from '../figures.js';

/** A rate counts as measured when it stands for at least so many false matches: fewer are chance. */
export const FALSE_MATCHES_MIN = 10;

/** People without whom not even FMR 1e-2 is measured: 46 are 1,035 pairs. More photos of few people say nothing of others. */
export const PEOPLE_MIN = 46;

const pairsOf = (people: number): number => (people * (people - 1)) / 2;

/** The strictest rate that photos of so many people measure. */
export const strictestRate = (people: number): (typeof MATCH_RATES)[number] =>
  MATCH_RATES.findLast((rate) => Number(rate) * pairsOf(people) >= FALSE_MATCHES_MIN) ?? '1e-2';

/**
 * Thresholds from a site's own photos. A rate for which there are pairs of people enough is measured. Beyond it the threshold is
 * continued over the logarithm of the rate as steeply as over the last decade that was measured: with all our encoders the
 * curve gets flatter there, so that the line errs on the strict side. Never looser than the release's threshold: few people
 * of one site say little about strangers.
 * @param people of whom there are photos. @throws OperatingError KAIMON_CALIBRATION_SMALL when they are too few
 */
export function calibrate(
  distances: PairDistances,
  people: number,
  release: ThresholdCurve | null,
): Calibration['thresholds'] {
  if (people < PEOPLE_MIN)
    throw new OperatingError(
      'KAIMON_CALIBRATION_SMALL',
      `a face was found of ${people} people; photos of at least ${PEOPLE_MIN} are needed`,
    );
  const strictest = Number(strictestRate(people));
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
  const [fourth, fifth] = [limit('1e-4'), limit('1e-5')];
  // Beyond 1e-5 the gate goes on as steeply as over this last decade: no flatter than the release's, or it would end looser.
  const least = release ? fourth.threshold - (release['1e-4'].threshold - release['1e-5'].threshold) : fifth.threshold;
  const strict = least < fifth.threshold ? ({ threshold: Math.max(0, least), from: 'release' } as const) : fifth;
  return { '1e-2': limit('1e-2'), '1e-3': limit('1e-3'), '1e-4': fourth, '1e-5': strict };
}
