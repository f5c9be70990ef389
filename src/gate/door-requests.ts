import type { DoorState } from '../door/door.js';
import type { DoorKeeper } from '../door/door-keeper.js';
import type { DoorMode } from '../schedule/door-mode.js';
import type { DoorSchedule } from '../schedule/door-schedule.js';
import type { RequestReports } from './request-reports.js';

/** What requests may do to the door. Each is reported with `by`, the name that the request gives. */
export interface DoorRequests {
  /** Releases the door for one pulse. @returns why not, if so */
  open(by: string, reason: string | undefined): 'stopped' | 'fault' | 'door-mode' | undefined;
  /** Locks at once. Resolves when what a restart must know of it is on the disk; rejects when the disk refuses. */
  lock(by: string, reason: string | undefined): Promise<void>;
  /** Sets the mode at once. Resolves and rejects as {@link lock}. */
  setMode(mode: DoorMode, by: string, reason: string | undefined): Promise<void>;
  /** How the door is now. */
  now(): { readonly mode: DoorMode; readonly state: DoorState };
}

/** Serves requests at this gate's door. What they order also goes to the schedule, which then leaves it in place. */
export function doorRequests(
  door: Pick<DoorKeeper, 'shut' | 'open' | 'lock' | 'mode' | 'setMode' | 'state'>,
  schedule: Pick<DoorSchedule, 'ordered'>,
  reports: Pick<RequestReports, 'doorRequested'>,
): DoorRequests {
  return {
    open(by, reason) {
      const why = door.shut;
      const opened = door.open('open', by);
      reports.doorRequested('open', by, reason ?? null, {}, opened);
      return opened ? undefined : (why ?? 'fault');
    },
    lock(by, reason) {
      const moved = moves(door, () => door.lock());
      const saved = schedule.ordered('lock');
      reports.doorRequested('lock', by, reason ?? null, { moved }, true);
      return saved;
    },
    setMode(mode, by, reason) {
      const moved = moves(door, () => door.setMode(mode));
      const saved = schedule.ordered(mode);
      reports.doorRequested('mode', by, reason ?? null, { mode, moved }, true);
      return saved;
    },
    now: () => ({ mode: door.mode, state: door.state }),
  };
}

/** Whether the door is in another mode or state after it: the journal keeps few of the orders that change nothing. */
function moves(door: Pick<DoorKeeper, 'mode' | 'state'>, order: () => void): boolean {
  const { mode, state } = door;
  order();
  return door.mode !== mode || door.state !== state;
}
