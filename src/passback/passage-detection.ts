// pure
/**
 * Who has gone through: a grant is not a passage. With a door contact a person has passed when the door was opened within the pulse; of
 * several people the one who was let in first passes first. Without a contact, or while it is lost, a person who is let in counts as
 * gone through.
 */
import type { MonotonicMs } from '../kit/clock.js';

/** People expected at one time; more are not let in within one pulse. */
const EXPECTED_MAX = 16;

interface Expected {
  readonly person: string;
  readonly untilMs: MonotonicMs;
}

export interface PassageDetection {
  readonly contact: 'none' | 'closed' | 'open';
  /** Let in and not yet through, the first one first. */
  readonly expected: readonly Expected[];
  readonly counts: PassageCounts;
}

/** Passages since the counter was new. */
export interface PassageCounts {
  /** By people who were let in by face. */
  readonly granted: number;
  /** Within a pulse that no face began: exit button, or a request. */
  readonly others: number;
  /** At a door that stood released without a pulse: fire, open house. */
  readonly free: number;
}

export const NO_COUNTS: PassageCounts = { granted: 0, others: 0, free: 0 };

export const newDetection = (hasContact: boolean, counts: PassageCounts): PassageDetection => ({
  contact: hasContact ? 'closed' : 'none',
  expected: [],
  counts,
});

export interface Detected {
  readonly detection: PassageDetection;
  /** Who has gone through now. */
  readonly passed: readonly string[];
}

/** A person was let in. @param pulseMs how long they have to open the door */
export function letIn(detection: PassageDetection, person: string, nowMs: MonotonicMs, pulseMs: number): Detected {
  // A door that stands open already is not opened again.
  if (detection.contact !== 'closed') return through(detection, person);
  const untilMs = (nowMs + pulseMs) as MonotonicMs;
  // The new pulse lengthens the running one: those who are still expected get as long.
  const others = detection.expected.filter((other) => other.person !== person && other.untilMs > nowMs);
  const expected = [...others.map((other) => ({ ...other, untilMs })), { person, untilMs }].slice(-EXPECTED_MAX);
  return { detection: { ...detection, expected }, passed: [] };
}

/** The contact reports the door open or closed. @param why what had released the door: `pulse` or `free`; `forced`: nothing */
export function contactChanged(
  detection: PassageDetection,
  open: boolean,
  why: 'pulse' | 'free' | 'forced',
  nowMs: MonotonicMs,
): Detected {
  if (detection.contact === 'none' || (detection.contact === 'open') === open) return { detection, passed: [] };
  if (!open) return { detection: { ...detection, contact: 'closed' }, passed: [] };
  const [first, ...expected] = detection.expected.filter(({ untilMs }) => untilMs > nowMs);
  const opened: PassageDetection = { ...detection, contact: 'open', expected };
  if (first && why !== 'forced') return through(opened, first.person);
  return { detection: why === 'forced' ? opened : counted(opened, why === 'pulse' ? 'others' : 'free'), passed: [] };
}

/** The contact is lost: people who are still expected count as gone through, and so does everybody who is let in from now on. */
export function contactLost(detection: PassageDetection, nowMs: MonotonicMs): Detected {
  const passed = detection.expected.filter(({ untilMs }) => untilMs > nowMs).map(({ person }) => person);
  const counts = { ...detection.counts, granted: detection.counts.granted + passed.length };
  return { detection: { contact: 'none', expected: [], counts }, passed };
}

/** The contact is back. @param open what it says: a door that stands open is not opened again by the next person */
export const contactBack = (detection: PassageDetection, open: boolean): PassageDetection => ({
  ...detection,
  contact: open ? 'open' : 'closed',
});

/** People who were let in are no longer expected to pass. */
export const forgetExpected = (detection: PassageDetection): PassageDetection => ({ ...detection, expected: [] });

const through = (detection: PassageDetection, person: string): Detected => ({
  detection: counted(detection, 'granted'),
  passed: [person],
});

const counted = (detection: PassageDetection, kind: keyof PassageCounts): PassageDetection => ({
  ...detection,
  counts: { ...detection.counts, [kind]: detection.counts[kind] + 1 },
});
