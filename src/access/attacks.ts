// pure
import type { MonotonicMs } from '../kit/clock.js';

/**
 * What attempts with pictures lead to. Nothing here shuts the gate: whoever holds up pictures must not keep others out. A guard is
 * told, and who is shown again and again has to look alive for a moment longer.
 */
export interface AttackRule {
  /** So many attempts raise the alarm… 0: never. */
  readonly alarmAfter: number;
  /** …within so long; it ends when there was none for so long. */
  readonly withinMs: number;
  /** So many pictures of one enrolled person… 0: never. */
  readonly personAfter: number;
  /** …within so long ask for more of this person's face… */
  readonly personWithinMs: number;
  /** …namely that it has been alive for so long, milliseconds: longer than that nobody is kept out. */
  readonly personExtraMs: number;
}

/** A picture or a screen was held to the camera. */
export interface Attempt {
  readonly atMs: MonotonicMs;
  /** Whom it showed; null: nobody who is enrolled, or that could not be seen. */
  readonly person: string | null;
}

export interface Attacks {
  /** The newest, oldest first; at most {@link RECENT_MAX}. */
  readonly recent: readonly Attempt[];
  readonly alarm: { readonly attempts: number; readonly reportedMs: MonotonicMs } | null;
}

/** What a guard is told. */
export interface AttackAlarmReport {
  readonly phase: 'begins' | 'goes-on' | 'ends';
  /** Attempts since it began, those that raised it included. */
  readonly attempts: number;
  /** Whom at least half of the last attempts showed. */
  readonly person: string | null;
}

export const NO_ATTACKS: Attacks = { recent: [], alarm: null };

/** As many as the greatest number that can be configured. */
export const RECENT_MAX = 100;
/** An alarm that goes on is reported this often at most. */
const REPEAT_MS = 60_000;

/** In both directions: a time from the future must not count for ever. */
const isWithin = (attempt: Attempt, atMs: MonotonicMs, ms: number): boolean => Math.abs(atMs - attempt.atMs) < ms;

/** Counts one attempt; one at NaN is not counted. */
export function noteAttempt(
  before: Attacks,
  attempt: Attempt,
  rule: AttackRule,
): { readonly attacks: Attacks; readonly report: AttackAlarmReport | undefined } {
  const { atMs } = attempt;
  if (!Number.isFinite(atMs)) return { attacks: before, report: undefined };
  const longest = Math.max(rule.withinMs, rule.personWithinMs);
  const recent = [...before.recent.filter((one) => isWithin(one, atMs, longest)), attempt].slice(-RECENT_MAX);
  if (before.alarm) {
    const attempts = before.alarm.attempts + 1;
    const isDue = Math.abs(atMs - before.alarm.reportedMs) >= REPEAT_MS;
    const alarm = { attempts, reportedMs: isDue ? atMs : before.alarm.reportedMs };
    return { attacks: { recent, alarm }, report: isDue ? reportOf('goes-on', attempts, recent) : undefined };
  }
  const attempts = recent.filter((one) => isWithin(one, atMs, rule.withinMs)).length;
  if (rule.alarmAfter === 0 || attempts < rule.alarmAfter)
    return { attacks: { recent, alarm: null }, report: undefined };
  return { attacks: { recent, alarm: { attempts, reportedMs: atMs } }, report: reportOf('begins', attempts, recent) };
}

/** Ends the alarm when there was no attempt for `withinMs`. */
export function endAlarm(
  before: Attacks,
  atMs: MonotonicMs,
  rule: AttackRule,
): { readonly attacks: Attacks; readonly report: AttackAlarmReport | undefined } {
  const { recent, alarm } = before;
  if (!alarm || !Number.isFinite(atMs) || recent.some((one) => isWithin(one, atMs, rule.withinMs)))
    return { attacks: before, report: undefined };
  return { attacks: { recent, alarm: null }, report: reportOf('ends', alarm.attempts, recent) };
}

/** For how long a person's face must have been alive beyond what is asked of everybody, milliseconds. */
export function extraProofMs({ recent }: Attacks, person: string, atMs: MonotonicMs, rule: AttackRule): number {
  if (rule.personAfter === 0) return 0;
  const shown = recent.filter((one) => one.person === person && isWithin(one, atMs, rule.personWithinMs));
  return shown.length >= rule.personAfter ? rule.personExtraMs : 0;
}

const reportOf = (
  phase: AttackAlarmReport['phase'],
  attempts: number,
  recent: readonly Attempt[],
): AttackAlarmReport => ({ phase, attempts, person: mostShown(recent) });

function mostShown(recent: readonly Attempt[]): string | null {
  const counts = new Map<string, number>();
  for (const { person } of recent) if (person !== null) counts.set(person, (counts.get(person) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most && 2 * most[1] >= recent.length ? most[0] : null;
}
