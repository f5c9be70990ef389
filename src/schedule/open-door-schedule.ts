import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Opening } from '../config/opening.js';
import type { Calendar } from './calendar.js';
import { DoorOrderFile } from './door-order-file.js';
import { DoorSchedule, type DoorScheduleParts } from './door-schedule.js';
import type { PlannedMode } from './planned-modes.js';

/** The door's schedule, with the order that was in force before the restart. @throws OperatingError KAIMON_FILE_READ */
export async function openDoorSchedule(
  { paths, clock, log, endings }: Opening,
  rules: { readonly doorModes: readonly PlannedMode[]; readonly calendar: Calendar },
  trustedClock: Pick<TrustedClock, 'trusted'>,
  door: DoorScheduleParts['door'],
): Promise<DoorSchedule> {
  const orders = await endings.open(
    "the door's mode",
    () => DoorOrderFile.open(paths.state, { clock, log }),
    (file) => file.close(),
  );
  return new DoorSchedule({ plan: rules.doorModes, calendar: rules.calendar, clock, trustedClock, orders, door });
}
