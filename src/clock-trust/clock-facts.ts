import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type WallMs, wallMs } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { ClockFacts } from './clock-trust.js';

/** Where the system says whether its clock is right. */
export interface ClockSources {
  /** Touched by systemd-timesyncd at each synchronisation; gone with each boot. */
  readonly syncFile: string;
  /** One folder for each battery-backed clock. */
  readonly rtcFolder: string;
  /** The program that is asked where there is no such file: it also knows what chrony or ntpd told the kernel. */
  readonly timedatectl: string;
}

export const CLOCK_SOURCES: ClockSources = {
  syncFile: '/run/systemd/timesync/synchronized',
  rtcFolder: '/sys/class/rtc',
  timedatectl: 'timedatectl',
};

/** A battery-backed clock that differs by more did not set the clock of the machine. Milliseconds. */
const RTC_DIFFERS_MAX_MS = 60_000;
/** A `timedatectl` that hangs is killed after this long. */
const CHILD_LIMIT_MS = 5000;

export interface ReadClockFacts extends ClockFacts {
  /** What is there and could not be read; sentences for the log. */
  readonly troubles: readonly string[];
}

/** Reads what the machine says about its clock. Never rejects: what cannot be read confirms nothing. */
export async function readClockFacts(
  clock: Pick<Clock, 'wall'>,
  sources: ClockSources = CLOCK_SOURCES,
): Promise<ReadClockFacts> {
  const troubles: string[] = [];
  const attempt = async <T>(reading: Promise<T>, failed: string): Promise<T | undefined> => {
    try {
      return await reading;
    } catch (thrown) {
      // A source that does not exist is not a problem: machines differ.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') troubles.push(`${failed}: ${explain(thrown)}`);
      return undefined;
    }
  };
  const file = await attempt(stat(sources.syncFile), `cannot read ${sources.syncFile}`);
  const askedMs = file ? undefined : clock.wall();
  const synchronised =
    askedMs !== undefined && (await attempt(isSynchronised(sources.timedatectl), 'cannot ask timedatectl'));
  return {
    synchronisedMs: file ? wallMs(Math.floor(file.mtimeMs)) : synchronised ? askedMs : undefined,
    rtcAgrees:
      (await attempt(
        rtcAgrees(sources.rtcFolder, () => clock.wall()),
        'cannot read the battery-backed clock',
      )) ?? false,
    troubles,
  };
}

/** What the kernel's own flag says; it is cleared when the clock is set by hand. */
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
    // The clock of a board without a battery begins again in 1970 and confirms nothing.
    if (Math.abs(seconds * 1000 - wall()) <= RTC_DIFFERS_MAX_MS) return true;
  }
  return false;
}
