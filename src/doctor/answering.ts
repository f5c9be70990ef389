import { stat } from 'node:fs/promises';
import type { Config } from '../config/config.js';
import { secretPath } from '../config/secret.js';

/**
 * Resolves once the disk has answered for all these files, whatever it answered: what is then read at once, in the only thread there is, would
 * keep all other parts waiting where it hangs.
 */
export async function answering(files: readonly (string | null | undefined)[]): Promise<void> {
  const named = files.filter((file) => typeof file === 'string').map((file) => secretPath(file, process.env));
  await Promise.all(named.map((file) => stat(file).catch(() => undefined)));
}

/** The files of the section mqtt. */
export const filesOfBroker = ({ passwordFile, caFile, certFile, keyFile }: Config['mqtt']) => [
  passwordFile,
  caFile,
  certFile,
  keyFile,
];
