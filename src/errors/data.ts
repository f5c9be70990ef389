// pure
import type { ErrorRow } from './error-row.js';

export const DATA_ERRORS = {
  KAIMON_DATA_NEWER: {
    kind: 'environment',
    meaning: 'a file of the state folder was written by a newer Kaimon; nothing was changed',
    advice: 'install that version again, or restore a backup that this one made; `kaimon data check`',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
