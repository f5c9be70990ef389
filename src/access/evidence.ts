// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { Reason } from './reasons.js';

/** A reason why a track means nobody. */
export interface NoClaim {
  readonly kind: 'none';
  readonly reason: Reason;
  readonly detail: string | undefined;
  readonly distance: number | undefined;
}

/** Whom a track means at one frame, by the mean of its last usable frames with this one; or a reason why nobody. */
export type Claim =
  | {
      readonly kind: 'person';
      readonly id: string;
      readonly distance: number;
      /** Usable frames in the mean. */
      readonly frames: number;
    }
  | NoClaim;

/** A claim and when its frame was taken. */
export type DatedClaim = Claim & { readonly takenMs: MonotonicMs };

export type Evidence =
  /** The mean of enough frames, the newest usable one among them and taken at `takenMs`, means this person. */
  | {
      readonly kind: 'person';
      readonly id: string;
      readonly distance: number;
      readonly takenMs: MonotonicMs;
    }
  | (NoClaim & { readonly settled: boolean });

/** Frames that make a person known. */
export interface EvidenceRule {
  /** Fewest usable frames in the mean. */
  readonly agree: number;
  /** Out of so many last frames. */
  readonly of: number;
}

/** A face that is turned away, blurred or too small says nothing: neither for a person nor against one. */
const SILENT: readonly Reason[] = ['low-quality', 'too-small'];
const isSilent = (claim: Claim) => claim.kind === 'none' && SILENT.includes(claim.reason);

/**
 * Weighs the last frames of one track. The newest frame that says anything must mean the person: what a track was before
 * does not open a door for what it is now. A person who turns the head after they were recognised, as liveness asks for,
 * stays known while the frame that recognised them is among the last. `settled` says that so many frames were seen that
 * more will hardly change it.
 */
export function weigh(claims: readonly DatedClaim[], rule: EvidenceRule): Evidence {
  const last = claims.slice(-rule.of);
  if (last.length === 0)
    return { kind: 'none', reason: 'no-face', detail: undefined, distance: undefined, settled: false };
  const newest = last.findLast((claim) => !isSilent(claim));
  if (newest?.kind === 'person' && newest.frames >= rule.agree) {
    const { kind, id, distance, takenMs } = newest;
    return { kind, id, distance, takenMs };
  }
  return commonestReason(last, rule);
}

/** The reason that most of the frames give; frames that do mean a person count as "not often enough". */
function commonestReason(last: readonly Claim[], rule: EvidenceRule): Evidence {
  const counts = new Map<Reason, number>();
  const reasonOf = (claim: Claim): Reason => (claim.kind === 'person' ? 'not-enough-frames' : claim.reason);
  for (const claim of last) counts.set(reasonOf(claim), (counts.get(reasonOf(claim)) ?? 0) + 1);
  const [reason] = [...counts].sort((a, b) => b[1] - a[1])[0] as [Reason, number];
  const example = last.findLast((claim) => reasonOf(claim) === reason);
  return {
    kind: 'none',
    reason,
    detail: example?.kind === 'none' ? example.detail : undefined,
    distance: example?.distance,
    settled: last.length >= rule.of,
  };
}
