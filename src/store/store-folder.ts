import { promises as fs } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, OperatingError } from '../kit/errors.js';
import { removeStaleTemps, syncFolder, whyNotWritten } from '../kit/files/atomic-file.js';
import { errnoOf } from '../kit/files/errno.js';
import { makeFolder } from '../kit/files/make-folder.js';
import { narrow } from '../kit/files/narrow.js';
import type { Log } from '../kit/log.js';

/** Makes the store's folder for Kaimon's user alone (0700). One that exists keeps its mode: it may hold other files too. */
export async function prepareFolder(file: string, log: Log): Promise<void> {
  const folder = dirname(file);
  try {
    const made = await makeFolder(folder, 0o700);
    if (made !== undefined) await syncParents(folder, made);
    const { mode } = await fs.stat(folder);
    if ((mode & 0o022) !== 0) log.warn({ folder }, 'others may replace files in the folder of the people store');
  } catch (cause) {
    const why = `cannot make the folder ${folder} of the people store: ${whyNotWritten(cause)}`;
    throw new OperatingError('KAIMON_FILE_WRITE', why, { cause });
  }
}

/** Without this a power cut can remove the new folder, and with it people whose enrolment was acknowledged. */
async function syncParents(folder: string, made: string): Promise<void> {
  for (let at = resolve(folder); at.startsWith(resolve(made)); at = dirname(at)) await syncFolder(dirname(at));
}

/** Removes what a killed process left behind, and narrows file modes that were widened. Only while the lock is held. */
export async function tidyFolder(files: readonly string[], log: Log): Promise<void> {
  for (const file of files) {
    const stale = await removeStaleTemps(file);
    if (stale > 0) log.info({ file, stale }, 'removed temporary files of an interrupted write');
    await narrowMode(file, log);
  }
}

async function narrowMode(file: string, log: Log): Promise<void> {
  try {
    const { mode } = await fs.stat(file);
    if ((mode & 0o077) === 0) return;
    const narrowed = await narrow(file, 0o600);
    const now = narrowed ? 'now 0600' : "it is not the folder's owner's, and left so";
    log.warn({ file, mode: (mode & 0o777).toString(8) }, `others could read this file of the people store; ${now}`);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return;
    // The file is read next; that says what is wrong with it.
    log.warn({ file, why: messageOf(cause) }, 'cannot narrow the mode of a file of the people store');
  }
}
