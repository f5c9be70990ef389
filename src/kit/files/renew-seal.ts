import { promises as fs } from 'node:fs';
import { messageOf, OperatingError } from '../errors.js';
import type { Log } from '../log.js';
import { DamagedSeal } from '../sealing/sealed-file.js';
import type { Vault } from '../sealing/vault.js';
import { writeFileAtomic } from './atomic-file.js';
import { errnoOf } from './errno.js';

/** It is sealed with another key, or by a newer Kaimon. */
const NOT_FOR_US: ReadonlySet<string> = new Set(['KAIMON_SEAL_KEY', 'KAIMON_DATA_NEWER']);

/**
 * Writes a file anew that is not sealed as the vault would: one that is plain while a key is there, of an older key, or sealed while
 * nothing is to be. What it held before is overwritten. Only for the one writer of the file; one that is damaged or locked stays.
 * @returns whether it was written anew
 * @throws OperatingError KAIMON_FILE_WRITE
 */
export async function renewSeal(
  path: string,
  purpose: string,
  vault: Vault,
  onProgress?: () => void,
): Promise<boolean> {
  const bytes = await fs.readFile(path).catch((thrown: unknown) => {
    if (['ENOENT', 'EISDIR'].includes(errnoOf(thrown) ?? '')) return undefined;
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${path}: ${messageOf(thrown)}`, { cause: thrown });
  });
  if (!bytes) return false;
  const opened = await vault.opened(purpose, bytes, path).catch((thrown: unknown) => {
    // Its reader says so.
    if (thrown instanceof DamagedSeal || (thrown instanceof OperatingError && NOT_FOR_US.has(thrown.code)))
      return undefined;
    throw thrown;
  });
  if (!opened?.stale) return false;
  await writeFileAtomic(path, vault.sealed(purpose, [opened.bytes]), { wipe: true, onProgress });
  return true;
}

/** As {@link renewSeal}, for a start, which must not fail for it. */
export async function renewSealAnyway(path: string, purpose: string, vault: Vault, log: Log, onProgress?: () => void) {
  try {
    if (await renewSeal(path, purpose, vault, onProgress))
      log.info({ file: path, key: vault.keyId ?? null }, vault.seals ? 'sealed' : 'no longer sealed');
  } catch (thrown) {
    log.warn({ file: path, why: messageOf(thrown) }, 'not sealed yet: it stays as it is until the next start');
  }
}
