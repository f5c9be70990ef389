import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { OperatingError } from '../kit/errors.js';
import { makeFolderSync } from '../kit/files/make-folder.js';

/** Name of the record in the run folder; systemd/safe-state.sh reads it. */
export const DOOR_LINE = 'door-line';

const HEAD =
  '# Written by `kaimon run`: what systemd/safe-state.sh does to the door after the daemon, however that ended.';
/** The door must be left released, and its line driven on, until a daemon finds that the fire is over. */
const FIRE = 'fire=active';

const textOf = (lines: readonly string[], fire: boolean): string =>
  `${[HEAD, ...(fire ? [FIRE] : []), ...lines].join('\n')}\n`;

/**
 * Writes what safe-state.sh must do after the daemon has ended; without lines it removes the record. Written before the relay first moves,
 * and left in place at the end. A record that says so already is enough where it cannot be written.
 * @param fire whether the door must be left released
 * @throws OperatingError KAIMON_DOOR_LINE when it cannot be written: without it a killed daemon could leave the door unlocked
 */
export function recordDoorLine(file: string, lines: readonly string[], fire = false): void {
  try {
    if (lines.length === 0) {
      rmSync(file, { force: true });
      return;
    }
    makeFolderSync(dirname(file));
    const temporary = `${file}.new`;
    writeFileSync(temporary, textOf(lines, fire), { mode: 0o644 });
    renameSync(temporary, file);
  } catch (cause) {
    if (lines.length > 0 && says(file, textOf(lines, fire))) return;
    const message = `the door's line cannot be recorded in ${file}: let this user write there, or name another folder with --state`;
    throw new OperatingError('KAIMON_DOOR_LINE', message, { cause });
  }
}

function says(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    // No daemon has driven this door since the machine was started.
    return false;
  }
}

/** Whether the record says that these lines were left released in a fire. One that is missing, of other lines or damaged does not. */
export function tellsOfFire(file: string, lines: readonly string[]): boolean {
  return lines.length > 0 && says(file, textOf(lines, true));
}
