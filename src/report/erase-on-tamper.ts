import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../config/environment.js';
import type { Opening } from '../config/opening.js';
import { secretPath } from '../config/secret.js';
import { explain, OperatingError } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { removeWiped } from '../kit/files/wipe.js';

/** The file in the run folder that asks root's `kaimon-tamper.path` to destroy the key where the gate itself cannot. */
export const TAMPER_FILE = 'tamper';

/**
 * What is done when the housing is opened, where the configuration wants it: the key is forgotten, destroyed where this process may, and
 * root is asked to destroy it where only root may. Nothing waits for it; door, button and fire alarm go on.
 */
export function eraserOnTamper(
  { config, paths, vault, log }: Pick<Opening, 'config' | 'paths' | 'vault' | 'log'>,
  env: Environment,
): () => Promise<void> {
  const { sealKeyFile, oldSealKeyFiles, eraseOnTamper } = config.storage;
  return async () => {
    // A gate that starts with its housing open and without a key has done it already.
    if (!eraseOnTamper || sealKeyFile === null || !existsSync(secretPath(sealKeyFile, env))) return;
    log.error({ key: vault.keyId ?? null }, 'the housing was opened: destroying the key of all that tells of people');
    vault.lock(new OperatingError('KAIMON_SEAL_KEY', 'the key was destroyed because the housing was opened'));
    const tries = [sealKeyFile, ...oldSealKeyFiles].map((file) => removeWiped(secretPath(file, env)));
    for (const tried of await Promise.allSettled(tries))
      if (tried.status === 'rejected') log.warn({ why: explain(tried.reason) }, 'left to kaimon-tamper.path');
    // A credential of systemd is a copy that cannot be removed: this file asks root for the original. Where nothing is left for root to
    // destroy it says so, for only after a destroyed key root starts the gate anew.
    const word = existsSync(secretPath(sealKeyFile, env)) ? '' : 'destroyed\n';
    await writeFileAtomic(join(paths.run, TAMPER_FILE), [word], { mode: 0o644 }).catch((thrown: unknown) => {
      log.warn({ why: explain(thrown) }, 'kaimon-tamper.path cannot be asked');
    });
  };
}
