// pure
import { area } from '../face/geometry.js';
import type { MonotonicMs } from '../kit/clock.js';
import type { LivenessRefusal } from '../liveness/liveness-tracks.js';
import { type Evidence, type EvidenceRule, weigh } from './evidence.js';
import type { Reason } from './reasons.js';
import type { Track } from './track.js';

export interface DecisionRule extends EvidenceRule {
  /** What was seen must not be older than this when the door is opened. */
  readonly maxAgeMs: number;
  /** A person who was let in is not let in again until he was away for so long. */
  readonly cooldownMs: number;
  /** Who is let in when several faces are seen. */
  readonly faces: 'nearest-only' | 'all-known' | 'deny-if-stranger';
}

/** What was decided on one track. */
export type Outcome =
  | {
      readonly kind: 'grant';
      readonly track: number;
      readonly person: string;
      readonly distance: number;
      readonly afterMs: number;
    }
  | {
      readonly kind: 'refuse';
      readonly track: number;
      readonly reason: Reason;
      readonly detail: string | undefined;
      readonly person: string | undefined;
      readonly distance: number | undefined;
    };

/** What the decision remembers between frames. */
export interface Memory {
  /** Tracks that were let in: one grant an approach. */
  readonly granted: ReadonlySet<number>;
  /** When a person who was let in was last seen. */
  readonly seenMs: ReadonlyMap<string, MonotonicMs>;
  /** The reasons reported of a track: each is reported once, however often it comes and goes. */
  readonly reported: ReadonlyMap<number, ReadonlySet<Reason>>;
}

export const EMPTY_MEMORY: Memory = { granted: new Set(), seenMs: new Map(), reported: new Map() };

/** A face not seen for so long has left the picture. */
const NEARBY_MS = 600;

/** What is asked of others. */
export interface Checks {
  /** Why a person known by face may not enter now; undefined when he may. Dates, hours and the rest come in here. */
  readonly mayEnter: (person: string) => Reason | undefined;
  /** What speaks against a living face on a track; undefined when it lives, or when nobody asks. */
  readonly alive: (track: number) => LivenessRefusal | undefined;
}

/**
 * Decides on the tracks seen in this frame. Grants come at most once a track, and not for a person who was let in and
 * has not been away since. Refusals are told once a track and reason, when the frames are enough to settle it.
 */
export function decide(
  memory: Memory,
  tracks: readonly Track[],
  frame: { readonly takenMs: MonotonicMs; readonly number: number },
  nowMs: MonotonicMs,
  rule: DecisionRule,
  checks: Checks,
): { readonly memory: Memory; readonly outcomes: readonly Outcome[] } {
  // By number and time: an old frame that comes a second time with a new time is not what is seen now.
  const present = tracks.filter((track) => track.lastFrame === frame.number && track.lastMs === frame.takenMs);
  const judged = present.map((track) => ({ track, evidence: weigh(track.claims, rule) }));
  // Who was seen a moment ago is still there: one missed detection must not make two people one.
  const nearby = tracks
    .filter((track) => Math.abs(frame.takenMs - track.lastMs) <= NEARBY_MS)
    .map((track) => ({ track, evidence: weigh(track.claims, rule) }));
  const granted = new Set([...memory.granted].filter((id) => tracks.some((track) => track.id === id)));
  const seenMs = new Map([...memory.seenMs].filter(([, at]) => nowMs - at < rule.cooldownMs));
  const reported = new Map([...memory.reported].filter(([id]) => tracks.some((track) => track.id === id)));
  const outcomes: Outcome[] = [];
  for (const one of judged) {
    const { track, evidence } = one;
    if (granted.has(track.id)) {
      if (evidence.kind === 'person') seenMs.set(evidence.id, nowMs);
      continue;
    }
    const against = whyNot(one, nearby, frame.takenMs, nowMs, rule, seenMs, checks);
    if (against === undefined && evidence.kind === 'person') {
      granted.add(track.id);
      seenMs.set(evidence.id, nowMs);
      outcomes.push({
        kind: 'grant',
        track: track.id,
        person: evidence.id,
        distance: evidence.distance,
        afterMs: nowMs - track.firstMs,
      });
      continue;
    }
    if (against === undefined || against === 'unsettled') continue;
    const { reason } = against;
    if (reason === 'cooldown' && evidence.kind === 'person') seenMs.set(evidence.id, nowMs);
    const told = reported.get(track.id) ?? new Set();
    if (told.has(reason)) continue;
    reported.set(track.id, new Set([...told, reason]));
    outcomes.push(refusal(track.id, against, evidence));
  }
  return { memory: { granted, seenMs, reported }, outcomes };
}

interface Judged {
  readonly track: Track;
  readonly evidence: Evidence;
}

/** A reason, and the end of its sentence where the frames say more than the reason. */
interface Against {
  readonly reason: Reason;
  readonly detail?: string | undefined;
}

/** What speaks against opening for this track; undefined to open. */
function whyNot(
  { track, evidence }: Judged,
  all: readonly Judged[],
  takenMs: MonotonicMs,
  nowMs: MonotonicMs,
  rule: DecisionRule,
  seenMs: ReadonlyMap<string, MonotonicMs>,
  checks: Checks,
): Against | 'unsettled' | undefined {
  const liveness = checks.alive(track.id);
  // A picture is a picture, whomever it shows and however few frames there were.
  if (liveness && liveness.reason !== 'liveness-unknown') return liveness;
  if (evidence.kind === 'none') return evidence.settled ? evidence : 'unsettled';
  const age = nowMs - takenMs;
  // A frame from the future is as little to be trusted as an old one.
  if (!(age >= 0 && age <= rule.maxAgeMs)) return { reason: 'stale' };
  // Known, but not lately: the frames since then say nothing, and others will.
  if (!(nowMs - evidence.takenMs <= rule.maxAgeMs)) return 'unsettled';
  if (liveness) return liveness.settled ? liveness : 'unsettled';
  if (rule.faces === 'nearest-only' && all.some((other) => area(other.track.box) > area(track.box)))
    return { reason: 'several-faces' };
  if (rule.faces === 'deny-if-stranger' && all.some((other) => other.evidence.kind === 'none'))
    return { reason: 'several-faces' };
  // Nobody is in two places: of two faces that mean one person, the one that is nearer to him is he.
  if (all.some((other) => other.track !== track && isNearer(other.evidence, evidence)))
    return { reason: 'ambiguous', detail: 'another face here is more like this person' };
  const forbidden = checks.mayEnter(evidence.id);
  // Whoever has just gone through and still stands there is not coming a second time.
  if (forbidden && !(forbidden === 'passback' && seenMs.has(evidence.id))) return { reason: forbidden };
  return seenMs.has(evidence.id) ? { reason: 'cooldown' } : undefined;
}

const isNearer = (other: Evidence, own: Extract<Evidence, { kind: 'person' }>): boolean =>
  other.kind === 'person' && other.id === own.id && other.distance < own.distance;

function refusal(track: number, { reason, detail }: Against, evidence: Evidence): Outcome {
  return {
    kind: 'refuse',
    track,
    reason,
    detail,
    person: evidence.kind === 'person' ? evidence.id : undefined,
    distance: evidence.distance,
  };
}
