import { join } from 'node:path';
import type { DoorOpening } from '../config/opening.js';
import { explain, OperatingError } from '../kit/errors.js';
import { makeFolder } from '../kit/files/make-folder.js';
import { type LockedResource, WriterLock } from '../kit/files/writer-lock.js';
import type { Log } from '../kit/log.js';
import { openHardware } from './hardware.js';
import { type StartedDoor, startDoor } from './start-door.js';

const DOOR_LOCK: LockedResource = {
  code: 'KAIMON_DOOR_LOCKED',
  name: "door's lines",
  advice: 'stop the other gate first, or name another folder with --state',
};

const UNNOTICED = 'a second gate on the same door would not be noticed';

/**
 * Opens the door's lines and puts the door to work: from here on exit button and fire alarm are served, whatever becomes of the rest of
 * the gate. However this process exits, the door is locked first, except in a fire.
 * @throws OperatingError KAIMON_DOOR_LOCKED, and as {@link openHardware}; no line is left open then
 */
export async function openDoor({ config, paths, clock, log, endings }: DoorOpening): Promise<StartedDoor> {
  // A second gate would move the relay before it noticed that the people are in use.
  const lines =
    config.door.kind === 'gpio'
      ? await endings.open(
          "the door's lines",
          () => lockLines(paths.run, log),
          ({ lock }) => lock?.release(),
        )
      : {};
  const found = lines.problem === undefined ? [] : [lines.problem];
  const hardware = await endings.open(
    'the wires',
    () => openHardware(config.door, { clock, log, runFolder: paths.run }),
    (wires) => wires.close(),
  );
  const door = await endings.open(
    'the door',
    () => startDoor({ hardware, rule: config.door, rexStuckMs: config.door.rexStuckMs, found, clock, log }),
    (started) => started.stop(),
  );
  const lock = () => door.stop();
  await endings.open(
    'the lock at exit',
    () => process.once('exit', lock),
    () => process.off('exit', lock),
  );
  // The door is locked (in a fire: left released) before other parts take their time to end, and a disk that hangs takes all of it.
  endings.first('the lock', lock);
  return door;
}

interface LockedLines {
  readonly lock?: WriterLock;
  /** Why there is no lock, as a sentence for the state. */
  readonly problem?: string;
}

/** Where the folder takes no file there is no lock: button and fire alarm must work on a full or read-only disk, too. */
async function lockLines(folder: string, log: Log): Promise<LockedLines> {
  try {
    await makeFolder(folder);
    const lock = await WriterLock.take(join(folder, 'door-lock'), log, DOOR_LOCK);
    return { lock };
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === DOOR_LOCK.code) throw thrown;
    const why = explain(thrown);
    log.warn({ why }, UNNOTICED);
    return { problem: `${UNNOTICED} until this one is started again: ${why}` };
  }
}
