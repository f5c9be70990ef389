// pure
import { type FormerRunState, RUN_STATE_OLD_MS, type RunState } from './run-state.js';

/** What a gate is judged by. */
export interface HealthQuestion {
  /** How the gate says that it is. */
  readonly now: RunState;
  /** The monotonic clock of the judge, on the same machine. */
  readonly monotonicMs: number;
  /**
   * How it was before what may have harmed it: what did not work then is not blamed. Of what it does not say, eye, journal and the relay must
   * work all the same; camera, mode, alarms of the door and people are not asked for. Undefined: the same with nothing to compare, but then a
   * missing camera is a fault, and so is whatever else makes the gate say `degraded`, as each of them is a problem for `kaimon doctor`.
   */
  readonly before?: FormerRunState | undefined;
  /** The version that must be at work. */
  readonly version?: string | undefined;
  /** The process that must be at work. */
  readonly pid?: number | undefined;
  /** The version of the newest start in the journal; null: there is none; undefined: not looked at. */
  readonly journalStart?: string | null | undefined;
}

/** Why the gate is not well, in sentences; none where it is. */
export function healthFaults(question: HealthQuestion): readonly string[] {
  const faults = [
    ...identityFaults(question),
    ...doorFaults(question),
    ...eyeFaults(question),
    ...recordFaults(question),
  ];
  const { now, before } = question;
  if (faults.length > 0 || before !== undefined || now.status === 'online') return faults;
  return ['the gate says itself that it is degraded'];
}

/** Whether what is said is said now, and by whom it should be. */
function identityFaults({ now, monotonicMs, version, pid }: HealthQuestion): string[] {
  const faults: string[] = [];
  const age = monotonicMs - now.monotonicMs;
  // Of another boot of the machine, where it is not yet so old.
  if (age < 0) faults.push('what the gate said of itself is from before this start of the machine');
  if (age > RUN_STATE_OLD_MS)
    faults.push(`the gate has said nothing for ${Math.round(age / 1000)} s: it hangs or has ended`);
  if (version !== undefined && now.version !== version)
    faults.push(`version ${now.version} is at work and not ${version}`);
  if (pid !== undefined && now.pid !== pid) faults.push(`process ${now.pid} speaks and not ${pid}, which is the gate`);
  return faults;
}

/** Somebody who stands in the door or holds it is nobody's fault; an alarm that was not there before may be. */
function doorFaults({ now: { door }, before }: HealthQuestion): string[] {
  const faults: string[] = [];
  const was = before?.door;
  const wasSo = was?.state === door.state;
  if (door.state === 'stopped' || (door.state === 'fault' && !wasSo)) faults.push(`the door is in state ${door.state}`);
  if (['forced', 'held'].includes(door.state) && was !== undefined && !wasSo)
    faults.push(`the door is in state ${door.state}, which it was not before`);
  if (was !== undefined && was.mode !== door.mode)
    faults.push(`the door was in mode ${was.mode} and is in mode ${door.mode}`);
  return faults;
}

/** What was lost before is not blamed. An eye of which that is not known is, a camera only where nothing at all is compared. */
function eyeFaults({ now, before }: HealthQuestion): string[] {
  const faults: string[] = [];
  if (now.eye !== 'up' && (before?.eye === undefined || before.eye === 'up')) faults.push(`the eye is ${now.eye}`);
  if (now.camera === 'live') return faults;
  if (before?.camera === 'live') faults.push(`the camera delivered before and is ${now.camera} now`);
  if (before === undefined && now.eye === 'up') faults.push(`there is no camera: it is ${now.camera}`);
  return faults;
}

function recordFaults({ now, before, journalStart }: HealthQuestion): string[] {
  const faults: string[] = [];
  if (now.journal !== 'ok' && (before?.journal === undefined || before.journal === 'ok'))
    faults.push(`the journal is not written: ${now.journal}`);
  if (journalStart !== undefined && journalStart !== now.version)
    faults.push(`the newest start in the journal is of ${journalStart ?? 'nothing'} and not of ${now.version}`);
  return [...faults, ...peopleFaults(now, before?.people, before?.removed)];
}

/** Fewer people are a fault but for those who were removed: a release is not rolled back, and a removal not lost, over somebody's removal. */
function peopleFaults(now: RunState, people = 0, removed: number | undefined): string[] {
  // Where either of them does not tell of removals it is not known that there were any.
  const since = Math.max(0, (now.removed ?? 0) - (removed ?? Number.POSITIVE_INFINITY));
  if (now.people + since >= people) return [];
  const but = since === 0 ? '' : `, of whom ${since} were removed`;
  return [`${people} people were enrolled and ${now.people} are now${but}`];
}
