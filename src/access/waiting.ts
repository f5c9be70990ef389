// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { Doubt } from '../liveness/doubt.js';
import type { TrackLiveness } from '../liveness/liveness-tracks.js';
import type { DecisionMemory } from './decision.js';
import { type EvidenceRule, weigh } from './evidence.js';
import type { Track } from './track.js';

/** A person who waits for so long is told what would help. Clear faces are let in before that. */
export const ADVICE_AFTER_MS = 1500;

/** A person who would be let in if it were clear that they are alive. */
export interface WaitingPerson {
  readonly track: number;
  readonly person: string;
  /** What keeps them from a verdict. */
  readonly why: Doubt;
}

/** The people who are known and of whom it is not yet clear that they are alive. */
export function whoWaits(
  tracks: readonly Track[],
  liveness: ReadonlyMap<number, TrackLiveness>,
  memory: DecisionMemory,
  takenMs: MonotonicMs,
  rule: EvidenceRule,
): readonly WaitingPerson[] {
  return tracks.flatMap((track) => {
    const alive = liveness.get(track.id);
    if (alive?.kind !== 'undecided' || memory.granted.has(track.id)) return [];
    if (takenMs - track.firstMs < ADVICE_AFTER_MS) return [];
    const evidence = weigh(track.claims, rule);
    if (evidence.kind !== 'person' || memory.seenMs.has(evidence.id)) return [];
    return [{ track: track.id, person: evidence.id, why: alive.why }];
  });
}
