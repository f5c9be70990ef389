// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { Standing } from '../liveness/liveness-tracks.js';
import type { Memory } from './decision.js';
import { type EvidenceRule, weigh } from './evidence.js';
import type { Track } from './track.js';

/** Who stands still for so long is asked to move. Whoever moves by himself is let in before that. */
export const HINT_AFTER_MS = 2500;

/** Somebody who would be let in if he moved. */
export interface Still {
  readonly track: number;
  readonly person: string;
}

/**
 * Who is known and looks alive, and waits only for a movement that no picture makes. A picture never comes so far: it does
 * not look alive. @param asked tracks that were asked already: each is asked once
 */
export function whoStandsStill(
  tracks: readonly Track[],
  standings: ReadonlyMap<number, Standing>,
  memory: Memory,
  asked: ReadonlySet<number>,
  takenMs: MonotonicMs,
  rule: EvidenceRule,
): readonly Still[] {
  return tracks.flatMap((track) => {
    const standing = standings.get(track.id);
    if (standing?.kind !== 'undecided' || standing.why !== 'motion') return [];
    if (asked.has(track.id) || memory.granted.has(track.id) || takenMs - track.firstMs < HINT_AFTER_MS) return [];
    const evidence = weigh(track.claims, rule);
    if (evidence.kind !== 'person' || memory.seenMs.has(evidence.id)) return [];
    return [{ track: track.id, person: evidence.id }];
  });
}
