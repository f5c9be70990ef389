import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import type { Environment } from './environment.js';

/** Largest secret that is read: a key file in PEM is about 2 kB. */
export const SECRET_BYTES_MAX = 64 * 1024;

/** A `…File` key as a path: a bare name is a systemd credential where the unit has any. */
export function secretPath(file: string, env: Environment): string {
  const credentials = env['CREDENTIALS_DIRECTORY'];
  return credentials && !isAbsolute(file) && !file.includes('/') ? join(credentials, file) : resolve(file);
}

/** Whether a `…File` key is the bare name of a credential that only the service can read, looked at from outside of it. */
export const isForeignCredential = (file: unknown, env: Environment): file is string =>
  typeof file === 'string' && /^[^/.]+$/.test(file) && !env['CREDENTIALS_DIRECTORY'] && !existsSync(file);

/**
 * The bytes of a certificate or key, or of a password.
 * @param key the configuration key that names the file, for the error.
 * @throws OperatingError KAIMON_SECRET; the message never holds the content.
 */
export function readSecret(file: string, key: string, env: Environment): Buffer {
  const path = secretPath(file, env);
  const fail = (why: string, options?: ErrorOptions) =>
    new OperatingError('KAIMON_SECRET', `cannot read ${path} (${key}): ${why}`, options);
  let bytes: Buffer;
  try {
    bytes = readPlainFileSync(path, SECRET_BYTES_MAX);
  } catch (cause) {
    throw fail(messageOf(cause), { cause });
  }
  if (bytes.length === 0) throw fail('it is empty');
  return bytes;
}

/** A password: the first line of its file, without the line break that editors add. */
export function readPassword(file: string, key: string, env: Environment): string {
  const [password] = readSecret(file, key, env).toString('utf8').split(/\r?\n/, 1);
  if (password) return password;
  const message = `cannot use ${secretPath(file, env)} (${key}): its first line, the password, is empty`;
  throw new OperatingError('KAIMON_SECRET', message);
}
