// pure
/** Whether a backup is one that this gate may take. */
import { OperatingError } from '../kit/errors.js';
import type { BackupReport } from './read-backup.js';

interface Asked {
  readonly config: { readonly site: string };
  readonly key: { readonly kind: 'identities' | 'passphrase' };
  readonly unsigned: boolean;
}

/**
 * A backup for a public key can be made by anybody who knows that key, so it must be signed. One with a passphrase was made by somebody who
 * knows it; a signature that is wrong refuses it all the same.
 * @throws OperatingError KAIMON_BACKUP_SITE, KAIMON_BACKUP_SIGNATURE
 */
export function checkOrigin(
  file: string,
  { manifest, signature }: BackupReport,
  { config, key, unsigned }: Asked,
): void {
  if (manifest.site !== config.site)
    throw new OperatingError(
      'KAIMON_BACKUP_SITE',
      `${file} is of gate ${manifest.gate} of the site ${manifest.site}, and this gate is of ${config.site}: it is not taken`,
    );
  const { result, key: name } = signature;
  if (result === 'valid') return;
  if (result === 'invalid')
    throw refused(
      `${file} is signed with key ${name ?? 'unknown'}, not with the one it was checked with: it was changed, or --key is another gate's`,
    );
  if (unsigned || key.kind === 'passphrase') return;
  if (result === 'unchecked')
    throw refused(
      `${file} is signed with key ${name ?? 'unknown'}, and nothing here can check that: give the public key of that gate's journal with --key`,
    );
  throw refused(
    `${file} is not signed, and anybody who knows its public key can have made it: --unsigned takes it all the same`,
  );
}

const refused = (message: string): OperatingError => new OperatingError('KAIMON_BACKUP_SIGNATURE', message);
