// The package and its signature, as they are sent.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from './options.mjs';

/** A small board cannot take more, and the PC holds it in memory. */
const BYTES_MAX = 1024 * 1024 * 1024;

/** @throws UsageError where package or signature are not there or not what they should be */
export function readParcel(file) {
  const [, version, architecture] = /^kaimon_([0-9][A-Za-z0-9.+~-]*)_([a-z0-9]+)\.deb$/.exec(basename(file)) ?? [];
  if (version === undefined)
    throw new UsageError(`${file} is not named kaimon_VERSION_ARCH.deb, as scripts/deploy/package does`);
  if (!existsSync(file)) throw new UsageError(`${file} is not there`);
  if (!existsSync(`${file}.sig`)) throw new UsageError(`${file}.sig is not there: scripts/deploy/sign KEY ${file}`);
  const [bytes, signature] = [readFileSync(file), readFileSync(`${file}.sig`)];
  if (bytes.length > BYTES_MAX) throw new UsageError(`${file} is too large`);
  // The host looks whether it trusts the signer; here only whether the signature fits, before anything is copied to fifty hosts.
  const check = spawnSync('ssh-keygen', ['-Y', 'check-novalidate', '-n', 'kaimon-package', '-s', `${file}.sig`], {
    input: bytes,
  });
  if (check.error) throw new UsageError(`ssh-keygen is missing: ${check.error.message}`);
  if (check.status !== 0)
    throw new UsageError(`${file}.sig is no signature of this package: scripts/deploy/sign KEY ${file}`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { release: `${version}-${sha256.slice(0, 12)}`, version, architecture, sha256, bytes, signature };
}
