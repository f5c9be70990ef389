import type { Opening } from '../config/opening.js';
import { type DoorHardware, openHardware } from './hardware.js';
import { type StartDoorParts, type StartedDoor, startDoor } from './start-door.js';

/** The door's lines, each at its safe level. @throws OperatingError as {@link openHardware}; no line is left open then */
export const openWires = ({ config, paths, clock, log, endings }: Opening): Promise<DoorHardware> =>
  endings.open(
    'the wires',
    () => openHardware(config.door, { clock, log, runFolder: paths.run }),
    (wires) => wires.close(),
  );

/** The door at work. However this process exits, the door is locked first. */
export async function openDoor(
  { config, clock, log, endings }: Opening,
  parts: Pick<StartDoorParts, 'hardware' | 'onReport' | 'passages' | 'onChange'>,
): Promise<StartedDoor> {
  const door = await endings.open(
    'the door',
    () => startDoor({ ...parts, rule: config.door, clock, log }),
    (started) => started.stop(),
  );
  const lock = () => door.stop();
  await endings.open(
    'the lock at exit',
    () => process.once('exit', lock),
    () => process.off('exit', lock),
  );
  return door;
}

/** To be called when everything else is open: what is opened last is closed first, so the door is locked before other parts take their time to end. */
export const lockFirst = ({ endings }: Pick<Opening, 'endings'>, door: StartedDoor): Promise<void> =>
  endings.open(
    'the lock',
    () => undefined,
    () => door.stop(),
  );
