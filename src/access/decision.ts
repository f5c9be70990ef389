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
  /** A person who was let in is not let in again until they were away for so long. */
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
export interface DecisionMemory {
  /** Tracks that were let in: one grant an approach. */
  readonly granted: ReadonlySet<number>;
  /** When a person who was let in was last seen. */
  readonly seenMs: ReadonlyMap<string, MonotonicMs>;
  /** The reasons reported of a track: each is reported once, however often it comes and goes. */
  readonly reported: ReadonlyMap<number, ReadonlySet<Reason>>;
}

export const EMPTY_MEMORY: DecisionMemory = { granted: new Set(), seenMs: new Map(), reported: new Map() };

/** A face not seen for so long has left the picture. */
const NEARBY_MS = 600;

/** What other parts know about a person or a track. */
export interface Checks {
  /** Why a person known by face may not enter now; undefined when they may. Dates, hours and all other rules come in here. */
  readonly whyNotEnter: (person: string) => Reason | undefined;
  /** Why the face of a track does not count as alive; undefined when it does, or when liveness is switched off. */
  readonly livenessRefusal: (track: number) => LivenessRefusal | undefined;
}

/**
 * Decides on the tracks seen in this frame. A track is let in at most once, and not for a person who was let in and has not
 * been away since. A refusal is reported once a track and reason, when the frames are enough to settle it.
 * @param frame the current frame: when it was taken, and the camera's number of it
 */
export function decide(
  memory: DecisionMemory,
  tracks: readonly Track[],
  frame: { readonly takenMs: MonotonicMs; readonly number: number },
  nowMs: MonotonicMs,
  rule: DecisionRule,
  checks: Checks,
): { readonly memory: DecisionMemory; readonly outcomes: readonly Outcome[] } {
  // By number and time: an old frame that comes again with a new time does not show what is there now.
  const present = tracks.filter((track) => track.lastFrame === frame.number && track.lastMs === frame.takenMs);
  const judged = present.map((track) => ({ track, evidence: weigh(track.claims, rule) }));
  // A face seen a moment ago is still there: a detection missed in one frame must not hide the second of two people.
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
    const objection = objectionTo(one, nearby, frame.takenMs, nowMs, rule, seenMs, checks);
    if (objection === undefined && evidence.kind === 'person') {
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
    if (objection === undefined || objection === 'unsettled') continue;
    const { reason } = objection;
    if (reason === 'cooldown' && evidence.kind === 'person') seenMs.set(evidence.id, nowMs);
    const earlier = reported.get(track.id) ?? new Set();
    if (earlier.has(reason)) continue;
    reported.set(track.id, new Set([...earlier, reason]));
    outcomes.push(refusal(track.id, objection, evidence));
  }
  return { memory: { granted, seenMs, reported }, outcomes };
}

interface Judged {
  readonly track: Track;
  readonly evidence: Evidence;
}

/** A reason, and the end of its sentence where the frames say more than the reason. */
interface Objection {
  readonly reason: Reason;
  readonly detail?: string | undefined;
}

/** What speaks against opening for this track; undefined to open. */
function objectionTo(
  { track, evidence }: Judged,
  all: readonly Judged[],
  takenMs: MonotonicMs,
  nowMs: MonotonicMs,
  rule: DecisionRule,
  seenMs: ReadonlyMap<string, MonotonicMs>,
  checks: Checks,
): Objection | 'unsettled' | undefined {
  const liveness = checks.livenessRefusal(track.id);
  // A picture is refused whoever is on it, and however few frames there were.
  if (liveness && liveness.reason !== 'liveness-unknown') return liveness;
  if (evidence.kind === 'none') return evidence.settled ? evidence : 'unsettled';
  const age = nowMs - takenMs;
  // A frame from the future is as little to be trusted as an old one.
  if (!(age >= 0 && age <= rule.maxAgeMs)) return { reason: 'stale' };
  // Known, but not lately: the frames since then do not say who it is, and later ones will.
  if (!(nowMs - evidence.takenMs <= rule.maxAgeMs)) return 'unsettled';
  if (liveness) return liveness.settled ? liveness : 'unsettled';
  if (rule.faces === 'nearest-only' && all.some((other) => area(other.track.box) > area(track.box)))
    return { reason: 'several-faces' };
  if (rule.faces === 'deny-if-stranger' && all.some((other) => other.evidence.kind === 'none'))
    return { reason: 'several-faces' };
  // Nobody is in two places: of two faces taken for one person, only the more alike one may be that person.
  if (all.some((other) => other.track !== track && isNearer(other.evidence, evidence)))
    return { reason: 'ambiguous', detail: 'another face here is more like this person' };
  const forbidden = checks.whyNotEnter(evidence.id);
  // A person who has just gone through and still stands there is not coming a second time.
  if (forbidden && !(forbidden === 'passback' && seenMs.has(evidence.id))) return { reason: forbidden };
  return seenMs.has(evidence.id) ? { reason: 'cooldown' } : undefined;
}

const isNearer = (other: Evidence, own: Extract<Evidence, { kind: 'person' }>): boolean =>
  other.kind === 'person' && other.id === own.id && other.distance < own.distance;

function refusal(track: number, { reason, detail }: Objection, evidence: Evidence): Outcome {
  return {
    kind: 'refuse',
    track,
    reason,
    detail,
    person: evidence.kind === 'person' ? evidence.id : undefined,
    distance: evidence.distance,
  };
}
