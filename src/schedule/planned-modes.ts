// pure
import type { WallMs } from '../kit/clock.js';
import type { Calendar } from './calendar.js';
import type { DoorMode } from './door-mode.js';
import { isOpen, nextChange, type Schedule } from './hours.js';

/** While `schedule` is open the door is in `mode`; at other times it is in normal mode. At most 16 (config). */
export interface PlannedMode {
  readonly mode: Exclude<DoorMode, 'normal'>;
  readonly schedule: Schedule;
}

/** The mode that the plan asks for. If two apply, as may happen on a holiday, the locked one counts. */
export function modeAt(plan: readonly PlannedMode[], at: WallMs, calendar: Calendar): DoorMode {
  const open = plan.filter(({ schedule }) => isOpen(schedule, at, calendar));
  if (open.some(({ mode }) => mode === 'locked')) return 'locked';
  return open.length > 0 ? 'open-house' : 'normal';
}

/** When the plan next asks for another mode, and which; undefined when it does not for a week. */
export function nextMode(
  plan: readonly PlannedMode[],
  now: WallMs,
  calendar: Calendar,
): { readonly at: WallMs; readonly mode: DoorMode } | undefined {
  const mode = modeAt(plan, now, calendar);
  const end = now + WEEK_MS;
  const after = (schedule: Schedule, at: WallMs) => nextChange(schedule, at, calendar);
  let changes = plan.map(({ schedule }) => ({ schedule, at: after(schedule, now) }));
  // Each round steps over one change; no week of 16 schedules can have more than this.
  for (let round = 0; round < CHANGES_MAX; round++) {
    const at = Math.min(...changes.map((change) => change.at ?? Number.POSITIVE_INFINITY)) as WallMs;
    if (!(at <= end)) return undefined;
    const then = modeAt(plan, at, calendar);
    if (then !== mode) return { at, mode: then };
    changes = changes.map((one) => (one.at === at ? { ...one, at: after(one.schedule, at) } : one));
  }
  return undefined;
}

/** Whether the plan asked for another mode after `since` and up to `now`. */
export function planMoved(plan: readonly PlannedMode[], since: WallMs, now: WallMs, calendar: Calendar): boolean {
  // A plan may be quiet for weeks: each step looks a week ahead.
  for (let from = since; from < now; from = (from + WEEK_MS) as WallMs) {
    const next = nextMode(plan, from, calendar);
    if (next) return next.at <= now;
  }
  return false;
}

const CHANGES_MAX = 10_000;
const WEEK_MS = 7 * 86_400_000;
