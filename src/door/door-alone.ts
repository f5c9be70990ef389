import type { DoorOpening } from '../config/opening.js';
import { makeNotify } from '../host/readiness.js';
import { ClosingError } from '../kit/endings.js';
import { explain } from '../kit/errors.js';
import type { StartedDoor } from './start-door.js';

/** Until the next try. With the time before it, less than what systemd gives a start (TimeoutStartSec). */
export const ALONE_MS = 60_000;

/** What ends the waiting early. */
const STOPS = ['SIGTERM', 'SIGINT'] as const;

/**
 * The rest of the gate could not be opened. Where systemd will start the gate again and people may need button or fire alarm, the door goes
 * on alone for a minute before this process ends for the next try: otherwise it would be without a door for most of the time.
 * @param parts how many parts were open when the door was; the others are closed first
 * @param thrown why the gate cannot start
 */
export async function serveDoorAlone(
  { config, clock, log, endings }: DoorOpening,
  door: Pick<StartedDoor, 'tellNobody' | 'keeper'>,
  parts: number,
  thrown: unknown,
): Promise<void> {
  const { kind, rex, fire } = config.door;
  const wired = kind === 'gpio' && (rex.line !== null || fire.line !== null);
  // By hand nobody starts it again, and whoever did is waiting for the reason. Who is told to stop does not wait.
  if (thrown instanceof ClosingError || !wired || process.env['INVOCATION_ID'] === undefined) return;
  door.tellNobody();
  // Nobody is there any more who would end open house.
  door.keeper.lock();
  await endings.closeNewest(parts).catch((also) => log.error({ why: explain(also) }, 'not everything could be closed'));
  const why = explain(thrown);
  log.error({ why }, `the gate cannot start; the door alone is at work, the next try is in ${ALONE_MS / 1000} s`);
  makeNotify({ clock, log }).status(`only exit button and fire alarm work: ${why}`);
  await new Promise<void>((resolve) => {
    const timer = clock.after(ALONE_MS, done);
    function done() {
      timer.cancel();
      for (const signal of STOPS) process.off(signal, done);
      resolve();
    }
    for (const signal of STOPS) process.on(signal, done);
  });
}
