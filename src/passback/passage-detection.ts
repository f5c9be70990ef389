// pure
/**
 * Who has gone through: a grant is not a passage. With a door contact a person has passed when the door was opened within the pulse; the
 * first of those who were let in is the first to go. Without one, or while it is lost, whoever is let in counts as gone through.
 */
import type { MonotonicMs } from '../kit/clock.js';

/** Nobody is waited for beyond this; more people are not let in within one pulse. */
const WAITING_MAX = 16;

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

/** Passings since the counter was new. */
export interface PassageCounts {
  /** Of people who were let in by face. */
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
  /** Who has gone through by this. */
  readonly passed: readonly string[];
}

/** Somebody was let in. @param pulseMs how long there is to open the door */
export function letIn(detection: PassageDetection, person: string, nowMs: MonotonicMs, pulseMs: number): Detected {
  // Where the door stands open already there is nothing more to be opened.
  if (detection.contact !== 'closed') return through(detection, person);
  const untilMs = (nowMs + pulseMs) as MonotonicMs;
  // The new pulse lengthens the one that runs: those who wait still have as long.
  const others = detection.expected.filter((other) => other.person !== person && other.untilMs > nowMs);
  const expected = [...others.map((other) => ({ ...other, untilMs })), { person, untilMs }].slice(-WAITING_MAX);
  return { detection: { ...detection, expected }, passed: [] };
}

/** What the contact says. @param why `pulse` or `free`: by what the door was released; `forced`: by nothing */
export function contactSays(
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

/** The contact is lost: whoever was let in and is waited for counts as gone through, as everybody does from now on. */
export function contactLost(detection: PassageDetection, nowMs: MonotonicMs): Detected {
  const passed = detection.expected.filter(({ untilMs }) => untilMs > nowMs).map(({ person }) => person);
  const counts = { ...detection.counts, granted: detection.counts.granted + passed.length };
  return { detection: { contact: 'none', expected: [], counts }, passed };
}

/** The contact is back. @param open what it says: a door that stands open is not opened once more by the next one */
export const contactBack = (detection: PassageDetection, open: boolean): PassageDetection => ({
  ...detection,
  contact: open ? 'open' : 'closed',
});

/** Whoever was let in is waited for no more. */
export const expectNobody = (detection: PassageDetection): PassageDetection => ({ ...detection, expected: [] });

const through = (detection: PassageDetection, person: string): Detected => ({
  detection: counted(detection, 'granted'),
  passed: [person],
});

const counted = (detection: PassageDetection, kind: keyof PassageCounts): PassageDetection => ({
  ...detection,
  counts: { ...detection.counts, [kind]: detection.counts[kind] + 1 },
});
