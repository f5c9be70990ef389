/** The one way in which backups and checks of formats read what a gate keeps in its state folder. */
import { promises as fs } from 'node:fs';
import { messageOf, OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/atomic-file.js';

/** @returns the content as a gate wrote it; undefined where there is no such file @throws OperatingError KAIMON_FILE_READ */
export async function readStored(path: string): Promise<Buffer | undefined> {
  try {
    return await fs.readFile(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}
