import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../kit/errors.js';
import { makeFolderSync } from '../../kit/files/make-folder.js';
import type { Log } from '../../kit/log.js';
import type { GpioLine } from './gpio.js';

/** A gpioset that drives a line on after the process that started it has ended. */
export interface LeftHolder {
  readonly pid: number;
  readonly high: boolean;
}

/**
 * Notes which process drives a line on after this one has ended, so that the next daemon and systemd/safe-state.sh find it: by its number,
 * since the service's sandbox hides processes of earlier runs from /proc. One small file a line in the run folder, gone with a reboot.
 */
export class LeftHolders {
  readonly #folder: string;
  readonly #log: Pick<Log, 'warn'>;

  constructor(folder: string, log: Pick<Log, 'warn'>) {
    this.#folder = folder;
    this.#log = log;
  }

  /** The living process that drives the line ({@link holdsLine}); undefined where there is none. */
  find(line: GpioLine): LeftHolder | undefined {
    let noted: string;
    try {
      noted = readFileSync(this.#file(line), 'utf8');
    } catch {
      // The usual case: nothing was left.
      return undefined;
    }
    const [, pid, level] = /^(\d{1,10}) ([01])\n?$/.exec(noted) ?? [];
    const holder = { pid: Number(pid), high: level === '1' };
    return pid !== undefined && holdsLine(line, holder) ? holder : undefined;
  }

  note(line: GpioLine, { pid, high }: LeftHolder): void {
    const file = this.#file(line);
    try {
      makeFolderSync(this.#folder);
      writeFileSync(`${file}.new`, `${pid} ${high ? 1 : 0}\n`, { mode: 0o644 });
      renameSync(`${file}.new`, file);
    } catch (thrown) {
      this.#log.warn({ file, why: explain(thrown) }, 'the next start will not know which gpioset it must take over');
    }
  }

  forget(line: GpioLine): void {
    const file = this.#file(line);
    try {
      rmSync(file, { force: true });
    } catch (thrown) {
      // Whoever reads it looks whether the process is there, and is a gpioset for this line.
      this.#log.warn({ file, why: explain(thrown) }, 'what is noted of a gpioset that is gone stays');
    }
  }

  #file({ chip, offset }: GpioLine): string {
    return join(this.#folder, `held-${chip}-${offset}`);
  }
}

/**
 * Whether the process is a gpioset that drives the line to this level, as far as can be seen: its number alone may have been given to another
 * process meanwhile. Where the service's sandbox hides it, the caller must see that a gpioset has the line.
 */
export function holdsLine({ chip, offset }: GpioLine, { pid, high }: LeftHolder): boolean {
  if (!isAlive(pid)) return false;
  let name: string;
  let given: readonly string[];
  try {
    name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    given = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // Hidden, or gone since: then its line is free, too.
    return true;
  }
  return name === 'gpioset' && given.slice(-3).join(' ') === `${chip} ${offset}=${high ? 1 : 0} `;
}

/** Whether a process of this user has this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // ESRCH: none has it. EPERM: it was given to a process of another user, which cannot be ours.
    return false;
  }
  try {
    // One that has ended holds nothing, though nobody has asked for its exit code yet.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // The service's sandbox hides it.
    return true;
  }
}
