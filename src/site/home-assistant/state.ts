// pure
import { type Door, type DoorState, isReleased, stateOf } from '../../door/door.js';
import type { PassageCounts } from '../../passback/passage-detection.js';

/** Who was let in or refused last. */
export interface LastPerson {
  readonly id: string;
  readonly name: string | null;
  readonly let: 'in' | 'not in';
  readonly at: string;
}

/** What is known of a gate when its state is told. */
export interface GateFacts {
  readonly door: Door;
  /** Whether faces are measured: the eye is up, the camera delivers. */
  readonly sees: boolean;
  readonly degraded: boolean;
  readonly problems: readonly string[];
  readonly people: number;
  readonly passages: PassageCounts;
  /** Undefined while it is not known. */
  readonly framesPerSecond: number | undefined;
}

/** Home Assistant keeps attributes in its history: the first problems, and not their whole text, are enough there. */
const PROBLEMS_MAX = 10;
const PROBLEM_CHARACTERS = 200;

/** The lock in Home Assistant's words. `None`: not known. A door that stands open is open, whatever the bolt does: "locked" would be a lie. */
export const LOCK_STATES: Readonly<Record<DoorState, string>> = {
  locked: 'LOCKED',
  unlocked: 'UNLOCKED',
  open: 'OPEN',
  held: 'OPEN',
  forced: 'OPEN',
  fault: 'JAMMED',
  stopped: 'None',
};

const onOff = (on: boolean) => (on ? 'ON' : 'OFF');

/** The state of all entities, as one document; null is "unknown" there. @param last undefined where persons are not told */
export function stateDocument(facts: GateFacts, last: LastPerson | undefined): Readonly<Record<string, unknown>> {
  const { door, sees, degraded, problems, people, passages, framesPerSecond } = facts;
  const { granted, others, free } = passages;
  const doorState = stateOf(door);
  return {
    available: { door: door.stopped ? 'offline' : 'online', camera: sees ? 'online' : 'offline' },
    lock: LOCK_STATES[doorState],
    bolt: door.fault !== null ? null : onOff(isReleased(door)),
    contact: door.contact === 'unknown' ? null : onOff(door.contact === 'open'),
    forced: onOff(doorState === 'forced'),
    held: onOff(doorState === 'held'),
    tamper: onOff(door.tampered),
    fire: onOff(door.fire),
    problem: onOff(degraded),
    problems: problems.slice(0, PROBLEMS_MAX).map((text) => text.slice(0, PROBLEM_CHARACTERS)),
    mode: door.mode,
    passages: granted + others + free,
    passages_by: { granted, others, free },
    people,
    fps: framesPerSecond === undefined ? null : Math.round(framesPerSecond * 10) / 10,
    person: last ? (last.name ?? last.id) : null,
    person_more: last ? { person: last.id, let: last.let, at: last.at } : {},
  };
}

/** A frame as the camera counted it. */
export interface CountedFrame {
  readonly frame: number;
  readonly takenMs: number;
}

/** How many frames the camera delivers in a second, by two of them; undefined where they do not tell: none came, or the count began anew. */
export function frameRate(earlier: CountedFrame | undefined, later: CountedFrame | undefined): number | undefined {
  if (!earlier || !later) return undefined;
  const [frames, ms] = [later.frame - earlier.frame, later.takenMs - earlier.takenMs];
  if (frames === 0 && ms === 0) return 0;
  return frames > 0 && ms > 0 ? (frames * 1000) / ms : undefined;
}
