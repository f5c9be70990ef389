// pure
import { meanDirection } from '../kit/vector.js';
import { type Gallery, type MatchRule, matchOf } from '../person/gallery.js';
import type { Claim } from './evidence.js';
import type { ComparableFace } from './track.js';

export interface IdentifyRule extends MatchRule {
  /** The newest frame may be farther from the person than the threshold by this much, and no more. */
  readonly newestSlack: number;
}

/** About a decade of false matches: on videos it costs 0.3 of 100 visits, and a face that takes another's place gains nothing. */
export const NEWEST_SLACK = 0.1;

/**
 * Whom the last usable frames of one track show. Their weighted mean is compared with the gallery once; the newest frame
 * is compared with the person found, and must not contradict: otherwise what a face was before would open the door for the
 * one that has taken its place.
 * @param recent oldest first
 */
export function identify(
  recent: readonly ComparableFace[],
  gallery: Pick<Gallery, 'rank' | 'distanceTo'>,
  rule: IdentifyRule,
): Claim {
  const newest = recent.at(-1);
  const mean = meanDirection(
    recent.map(({ embedding }) => embedding),
    recent.map(({ weight }) => weight),
  );
  if (!newest || !mean) return { kind: 'none', reason: 'nobody', detail: undefined, distance: undefined };
  const match = matchOf(gallery.rank(mean), rule);
  if (match.kind !== 'person')
    return { kind: 'none', reason: match.kind, detail: undefined, distance: match.best?.distance };
  const { id, distance } = match.best;
  const own = gallery.distanceTo(id, newest.embedding) ?? Number.POSITIVE_INFINITY;
  if (!(own <= rule.threshold + rule.newestSlack))
    return { kind: 'none', reason: 'nobody', detail: undefined, distance: own };
  return { kind: 'person', id, distance, frames: recent.length };
}
