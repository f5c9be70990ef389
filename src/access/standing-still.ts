// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { TrackLiveness } from '../liveness/liveness-tracks.js';
import type { DecisionMemory } from './decision.js';
import { type EvidenceRule, weigh } from './evidence.js';
import type { Track } from './track.js';

/** A person who stands still for this long is asked to move. Those who move by themselves are let in before that. */
export const HINT_AFTER_MS = 2500;

/** A person who would be let in if they moved. */
export interface StillPerson {
  readonly track: number;
  readonly person: string;
}

/**
 * The people who are known and look alive, and lack only the movement that no picture makes. A picture never comes this
 * far: it does not look alive. @param askedToMove tracks that were asked already: each is asked once
 */
export function whoStandsStill(
  tracks: readonly Track[],
  liveness: ReadonlyMap<number, TrackLiveness>,
  memory: DecisionMemory,
  askedToMove: ReadonlySet<number>,
  takenMs: MonotonicMs,
  rule: EvidenceRule,
): readonly StillPerson[] {
  return tracks.flatMap((track) => {
    const alive = liveness.get(track.id);
    if (alive?.kind !== 'undecided' || alive.why !== 'motion') return [];
    if (askedToMove.has(track.id) || memory.granted.has(track.id) || takenMs - track.firstMs < HINT_AFTER_MS) return [];
    const evidence = weigh(track.claims, rule);
    if (evidence.kind !== 'person' || memory.seenMs.has(evidence.id)) return [];
    return [{ track: track.id, person: evidence.id }];
  });
}
