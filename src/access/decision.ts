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

/**
 * While nobody looks, because the camera repeats its pictures, nobody has gone: who was let in and seen with the last look counts as seen now,
 * and is not let in once more for having stood still. @param lastMs when that look was judged
 */
export const stillSeen = (memory: DecisionMemory, lastMs: MonotonicMs, nowMs: MonotonicMs): DecisionMemory => ({
  ...memory,
  seenMs: new Map([...memory.seenMs].map(([id, at]) => [id, at === lastMs ? nowMs : at])),
});

/** A face not seen for so long has left the picture. */
const NEARBY_MS = 600;

/** What other parts know about a person or a track. */
export interface Checks {
  /** Why a person known by face may not enter now; undefined when they may. Dates, hours and all other rules come in here. */
  readonly whyNotEnter: (person: string) => Reason | undefined;
  /**
   * Why the face of a track does not count as alive; undefined when it does, or when liveness is switched off.
   * @param person whom it was recognised as; undefined where that is not known
   */
  readonly livenessRefusal: (track: number, person: string | undefined) => LivenessRefusal | undefined;
  /** What a track is that is no person; undefined for a person and for what may be one. */
  readonly pictureOf: (track: number) => 'picture' | 'poster' | undefined;
}

/**
 * Decides on the tracks seen in this frame, the nearest first. A track is let in at most once, and not for a person who was let in
 * and has not been away since. A refusal is reported once a track and reason, when the frames are enough to settle it.
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
  const judge = (track: Track) => ({ track, evidence: weigh(track.claims, rule) });
  // By number and time: an old frame that comes again with a new time does not show what is there now.
  const isPresent = (track: Track) => track.lastFrame === frame.number && track.lastMs === frame.takenMs;
  const present = tracks.filter(isPresent).toSorted((a, b) => area(b.box) - area(a.box));
  // A face seen a moment ago is still there: a detection missed in one frame must not hide the second of two people.
  const nearby = tracks
    .filter((track) => Math.abs(frame.takenMs - track.lastMs) <= NEARBY_MS)
    .map((track): Nearby => ({ ...judge(track), picture: checks.pictureOf(track.id) }));
  const granted = new Set([...memory.granted].filter((id) => tracks.some((track) => track.id === id)));
  const seenMs = new Map([...memory.seenMs].filter(([, at]) => nowMs - at < rule.cooldownMs));
  const reported = new Map([...memory.reported].filter(([id]) => tracks.some((track) => track.id === id)));
  const outcomes: Outcome[] = [];
  const settled = new Set<number>();
  // Who is let in with this very frame still is a rival in it: people come in one after the other.
  const scene = { nearby, settled, grantedBefore: new Set(granted), seenBefore: new Set(seenMs.keys()) };
  for (const one of present.map(judge)) {
    const { track, evidence } = one;
    if (granted.has(track.id)) {
      if (evidence.kind === 'person') seenMs.set(evidence.id, nowMs);
      continue;
    }
    const objection = objectionTo(one, scene, frame.takenMs, nowMs, rule, seenMs, checks);
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
    settled.add(track.id);
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

/** What it is that is no person is asked once: every other face of the frame needs the answer. */
interface Nearby extends Judged {
  readonly picture: ReturnType<Checks['pictureOf']>;
}

/** Who else is there. */
interface Scene {
  readonly nearby: readonly Nearby[];
  /** Tracks on which this frame has settled that they are not let in; filled from the nearest on. */
  readonly settled: ReadonlySet<number>;
  readonly grantedBefore: ReadonlySet<number>;
  /** People who were let in and have not been away since. */
  readonly seenBefore: ReadonlySet<string>;
}

/** A reason, and the end of its sentence where the frames say more than the reason. */
interface Objection {
  readonly reason: Reason;
  readonly detail?: string | undefined;
}

/** What speaks against opening for this track; undefined to open. */
function objectionTo(
  { track, evidence }: Judged,
  scene: Scene,
  takenMs: MonotonicMs,
  nowMs: MonotonicMs,
  rule: DecisionRule,
  seenMs: ReadonlyMap<string, MonotonicMs>,
  checks: Checks,
): Objection | 'unsettled' | undefined {
  const liveness = checks.livenessRefusal(track.id, evidence.kind === 'person' ? evidence.id : undefined);
  // A picture is refused whoever is on it, and however few frames there were.
  if (liveness && liveness.reason !== 'liveness-unknown') return liveness.settled ? liveness : 'unsettled';
  if (evidence.kind === 'none') return evidence.settled ? evidence : 'unsettled';
  const age = nowMs - takenMs;
  // A frame from the future is as little to be trusted as an old one.
  if (!(age >= 0 && age <= rule.maxAgeMs)) return { reason: 'stale' };
  // Known, but not lately: the frames since then do not say who it is, and later ones will.
  if (!(nowMs - evidence.takenMs <= rule.maxAgeMs)) return 'unsettled';
  if (liveness) return liveness.settled ? liveness : 'unsettled';
  const rivals = scene.nearby.filter((other) => other.track.id !== track.id && isRival(other, track, scene, rule));
  // While it is not settled who the others are, this person may still be let in after them.
  if (rivals.length > 0)
    return rivals.some((other) => isSettled(other, scene)) ? { reason: 'several-faces' } : 'unsettled';
  // Nobody is in two places: of two faces taken for one person, only the more alike one may be that person. A picture of
  // somebody is no second place: a badge on the chest is often more like its owner than the owner.
  if (scene.nearby.some((other) => isNearer(other.evidence, evidence) && !other.picture))
    return { reason: 'ambiguous', detail: 'another face here is more like this person: come one at a time' };
  const forbidden = checks.whyNotEnter(evidence.id);
  // A person who has just gone through and still stands there is not coming a second time.
  if (forbidden && !(forbidden === 'passback' && seenMs.has(evidence.id))) return { reason: forbidden };
  return seenMs.has(evidence.id) ? { reason: 'cooldown' } : undefined;
}

/**
 * Whether another face keeps this one from being let in, by `decision.faces`. One that was let in is nobody's rival. Nor is a picture,
 * except where a stranger denies: behind a picture in a hand stands somebody unknown, behind a poster nobody.
 */
function isRival(other: Nearby, own: Track, scene: Scene, { faces }: DecisionRule): boolean {
  const { track, evidence, picture } = other;
  if (picture) return faces === 'deny-if-stranger' && picture === 'picture';
  if (scene.grantedBefore.has(track.id)) return false;
  if (evidence.kind === 'none' && faces === 'deny-if-stranger') return true;
  if (evidence.kind === 'person' && scene.seenBefore.has(evidence.id)) return false;
  return faces === 'nearest-only' && area(track.box) > area(own.box);
}

/** Whether more frames will hardly change what a rival is. */
const isSettled = ({ track, evidence, picture }: Nearby, { settled }: Scene): boolean =>
  settled.has(track.id) || picture !== undefined || (evidence.kind === 'none' && evidence.settled);

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
