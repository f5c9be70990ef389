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

export interface PassageWatch {
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

export const newWatch = (hasContact: boolean, counts: PassageCounts): PassageWatch => ({
  contact: hasContact ? 'closed' : 'none',
  expected: [],
  counts,
});

export interface Watched {
  readonly watch: PassageWatch;
  /** Who has gone through by this. */
  readonly passed: readonly string[];
}

/** Somebody was let in. @param pulseMs how long there is to open the door */
export function letIn(watch: PassageWatch, person: string, nowMs: MonotonicMs, pulseMs: number): Watched {
  // Where the door stands open already there is nothing more to be opened.
  if (watch.contact !== 'closed') return through(watch, person);
  const untilMs = (nowMs + pulseMs) as MonotonicMs;
  // The new pulse lengthens the one that runs: those who wait still have as long.
  const others = watch.expected.filter((other) => other.person !== person && other.untilMs > nowMs);
  const expected = [...others.map((other) => ({ ...other, untilMs })), { person, untilMs }].slice(-WAITING_MAX);
  return { watch: { ...watch, expected }, passed: [] };
}

/** What the contact says. @param why `pulse` or `free`: by what the door was released; `forced`: by nothing */
export function contactSays(
  watch: PassageWatch,
  open: boolean,
  why: 'pulse' | 'free' | 'forced',
  nowMs: MonotonicMs,
): Watched {
  if (watch.contact === 'none' || (watch.contact === 'open') === open) return { watch, passed: [] };
  if (!open) return { watch: { ...watch, contact: 'closed' }, passed: [] };
  const [first, ...expected] = watch.expected.filter(({ untilMs }) => untilMs > nowMs);
  const opened: PassageWatch = { ...watch, contact: 'open', expected };
  if (first && why !== 'forced') return through(opened, first.person);
  return { watch: why === 'forced' ? opened : counted(opened, why === 'pulse' ? 'others' : 'free'), passed: [] };
}

/** The contact is lost: whoever was let in and is waited for counts as gone through, as everybody does from now on. */
export function contactLost(watch: PassageWatch, nowMs: MonotonicMs): Watched {
  const passed = watch.expected.filter(({ untilMs }) => untilMs > nowMs).map(({ person }) => person);
  const counts = { ...watch.counts, granted: watch.counts.granted + passed.length };
  return { watch: { contact: 'none', expected: [], counts }, passed };
}

/** The contact is back. @param open what it says: a door that stands open is not opened once more by the next one */
export const contactBack = (watch: PassageWatch, open: boolean): PassageWatch => ({
  ...watch,
  contact: open ? 'open' : 'closed',
});

/** Whoever was let in is waited for no more. */
export const expectNobody = (watch: PassageWatch): PassageWatch => ({ ...watch, expected: [] });

const through = (watch: PassageWatch, person: string): Watched => ({
  watch: counted(watch, 'granted'),
  passed: [person],
});

const counted = (watch: PassageWatch, kind: keyof PassageCounts): PassageWatch => ({
  ...watch,
  counts: { ...watch.counts, [kind]: watch.counts[kind] + 1 },
});
