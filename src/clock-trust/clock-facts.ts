import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type WallMs, wallMs } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { ClockFacts } from './clock-trust.js';

/** Where the system tells how its clock is. */
export interface ClockSources {
  /** Touched by systemd-timesyncd at each synchronisation; gone with each boot. */
  readonly syncFile: string;
  /** One folder for each battery-backed clock. */
  readonly rtcFolder: string;
  /** Asked where there is no such file: with chrony or ntpd it knows what the kernel was told. */
  readonly timedatectl: string;
}

export const CLOCK_SOURCES: ClockSources = {
  syncFile: '/run/systemd/timesync/synchronized',
  rtcFolder: '/sys/class/rtc',
  timedatectl: 'timedatectl',
};

/** A battery-backed clock that differs by more did not set the clock of the machine. */
const RTC_DIFFERS_MAX_MS = 60_000;
/** A `timedatectl` that hangs is killed after this long. */
const CHILD_LIMIT_MS = 5000;

export interface ReadClockFacts extends ClockFacts {
  /** What could not be read though it is there; sentences for the log. */
  readonly troubles: readonly string[];
}

/** Reads what the machine says of its clock. Never fails: what cannot be read confirms nothing. */
export async function readClockFacts(
  clock: Pick<Clock, 'wall'>,
  sources: ClockSources = CLOCK_SOURCES,
): Promise<ReadClockFacts> {
  const troubles: string[] = [];
  const told = async <T>(what: Promise<T>, of: string): Promise<T | undefined> => {
    try {
      return await what;
    } catch (thrown) {
      // That something is not there is an answer.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') troubles.push(`${of}: ${explain(thrown)}`);
      return undefined;
    }
  };
  const file = await told(stat(sources.syncFile), `cannot read ${sources.syncFile}`);
  const asked = file ? undefined : clock.wall();
  const yes = asked === undefined ? false : await told(isSynchronised(sources.timedatectl), 'cannot ask timedatectl');
  return {
    synchronisedMs: file ? wallMs(Math.floor(file.mtimeMs)) : yes ? asked : undefined,
    rtcAgrees:
      (await told(
        rtcAgrees(sources.rtcFolder, () => clock.wall()),
        'cannot read the battery-backed clock',
      )) ?? false,
    troubles,
  };
}

/** What the kernel's own flag says; it falls when somebody sets the clock by hand. */
function isSynchronised(program: string): Promise<boolean> {
  const limits = { timeout: CHILD_LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: 4096 } as const;
  return new Promise((resolve, reject) => {
    execFile(program, ['show', '--property=NTPSynchronized', '--value'], limits, (error, stdout) =>
      error === null ? resolve(stdout.trim() === 'yes') : reject(error),
    );
  });
}

async function rtcAgrees(folder: string, wall: () => WallMs): Promise<boolean> {
  for (const name of await readdir(folder)) {
    const seconds = Number.parseInt(await readFile(join(folder, name, 'since_epoch'), 'utf8'), 10);
    // A board's clock without a battery begins again in 1970 and is no witness.
    if (Math.abs(seconds * 1000 - wall()) <= RTC_DIFFERS_MAX_MS) return true;
  }
  return false;
}
