import { OperatingError } from '../kit/errors.js';
import { parseSealKey, type SealKey } from '../kit/sealing/seal-key.js';
import { Vault } from '../kit/sealing/vault.js';
import type { Config } from './config.js';
import type { Environment } from './environment.js';
import { isForeignCredential, readSecret, secretPath } from './secret.js';

/**
 * How this gate keeps people on the disk, as the configuration says. Where a key is asked for and cannot be had, the vault is locked: the
 * gate starts, knows nobody, and serves button and fire.
 */
export function openVault(
  {
    sealKeyFile,
    oldSealKeyFiles,
    refusePlain = false,
  }: Pick<Config['storage'], 'sealKeyFile' | 'oldSealKeyFiles'> & Partial<Pick<Config['storage'], 'refusePlain'>>,
  env: Environment,
): Vault {
  // Older keys alone unseal nothing: that is `kaimon seal off`.
  if (sealKeyFile === null) return Vault.plain();
  const vault = keyVault(sealKeyFile, oldSealKeyFiles, env);
  return refusePlain ? vault.refusingPlain() : vault;
}

function keyVault(sealKeyFile: string, oldSealKeyFiles: readonly string[], env: Environment): Vault {
  try {
    const older = oldSealKeyFiles.map((file) => readSealKey(file, 'storage.oldSealKeyFiles', env));
    return Vault.sealing(readSealKey(sealKeyFile, KEY, env), older);
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    return Vault.locked(thrown);
  }
}

const KEY = 'storage.sealKeyFile';
/** Where kaimon-seal.service brings keys. */
const BROUGHT = '/run/kaimon-seal/';

/** @param key where the file is named, for the error @throws OperatingError KAIMON_SEAL_KEY; the message never holds the content */
export function readSealKey(file: string, key: string, env: Environment): SealKey {
  const path = secretPath(file, env);
  const fail = (why: string, cause?: unknown) => new OperatingError('KAIMON_SEAL_KEY', why, { cause });
  let bytes: Buffer;
  try {
    bytes = readSecret(file, key, env);
  } catch (cause) {
    if (isForeignCredential(file, env))
      throw fail(
        `the key ${file} (${key}) is a credential that only the service can read: give it by --seal-key FILE (docs/install.md)`,
        cause,
      );
    const way = path.startsWith(BROUGHT)
      ? '`systemctl status kaimon-seal`, which brings it, says why'
      : 'put it there and start anew';
    throw fail(`the key ${path} (${key}) cannot be read: ${way}`, cause);
  }
  const found = parseSealKey(bytes);
  if (found) return found;
  throw fail(
    `${path} (${key}) is no key: it must hold 32 bytes, or these in base64, as \`kaimon seal new-key\` makes it`,
  );
}
