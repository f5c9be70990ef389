/** The one way in which backups and checks of formats read what a gate keeps in its state folder. */
import { basename } from 'node:path';
import { messageOf, OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/errno.js';
import { readSettled } from '../kit/files/read-settled.js';
import { DamagedSeal } from '../kit/sealing/sealed-file.js';
import { Vault } from '../kit/sealing/vault.js';
import { PEOPLE_PURPOSE } from '../store/people-file.js';

/** What a file of a state folder is sealed for, by its name; a file that is never sealed has none of these names. */
export function purposeOf(file: string): string {
  const name = basename(file);
  if (name.endsWith('.jpg')) return `evidence/${name}`;
  return name.startsWith('passages.') ? 'passages' : PEOPLE_PURPOSE;
}

/**
 * @param vault opens what is sealed
 * @returns the content as a gate means it; undefined where there is no such file
 * @throws OperatingError KAIMON_FILE_READ, KAIMON_SEAL_KEY; DamagedSeal
 */
export async function readStored(path: string, vault = Vault.plain()): Promise<Buffer | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readSettled(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  return (await vault.opened(purposeOf(path), bytes, path)).bytes;
}

/** As {@link readStored}; a sealed file that was changed or cut is told as one that cannot be read. @throws OperatingError KAIMON_FILE_READ, KAIMON_SEAL_KEY */
export async function readWhole(path: string, vault: Vault): Promise<Buffer | undefined> {
  try {
    return await readStored(path, vault);
  } catch (thrown) {
    if (!(thrown instanceof DamagedSeal)) throw thrown;
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${path}: ${thrown.message}`, { cause: thrown });
  }
}
