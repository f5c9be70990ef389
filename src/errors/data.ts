// pure
import type { ErrorRow } from './error-row.js';

export const DATA_ERRORS = {
  KAIMON_DATA_NEWER: {
    kind: 'environment',
    meaning: 'a file of the state folder, or a backup, was written by a newer Kaimon; nothing was changed',
    advice: 'install that version again, or restore a backup that this one made; `kaimon data check`',
  },
  KAIMON_BACKUP_KEY: {
    kind: 'input',
    meaning: 'a key or passphrase of a backup cannot be used, or does not open this one',
    advice: 'give the identity or passphrase that belongs to it; without it nobody can open the backup',
  },
  KAIMON_BACKUP_DAMAGED: {
    kind: 'input',
    meaning: 'a backup was cut off, changed or put together from several; nothing was changed',
    advice: 'use another backup; `kaimon backup verify`',
  },
  KAIMON_BACKUP_SIGNATURE: {
    kind: 'input',
    meaning: 'a backup is not signed, or not by the key that it was checked with; nothing was changed',
    advice: "`--key` with the public key of the gate's journal; `--unsigned` for a backup that you know to be yours",
  },
  KAIMON_BACKUP_SITE: {
    kind: 'input',
    meaning: 'a backup is of another site than this gate; nothing was changed',
    advice: 'use a backup of this site, or correct `site`',
  },
  KAIMON_RESTORE_PENDING: {
    kind: 'environment',
    meaning: 'a restore was interrupted and is not finished: people and journal are half there; nothing was changed',
    advice: 'start the daemon, which finishes it, or repeat `kaimon restore`; then repeat the command',
  },
  KAIMON_OWN_USER: {
    kind: 'environment',
    meaning: "root restores into another user's folder, and this Node.js (that of Debian 13) cannot become that user",
    advice: 'run it as that user; the message has the command, docs/backup.md the whole of it',
  },
  KAIMON_RESTORE_EXISTS: {
    kind: 'usage',
    meaning: 'there are people or a journal already where a backup is to be restored',
    advice: '`--replace` keeps them aside',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
