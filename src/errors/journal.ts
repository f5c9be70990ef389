// pure
import type { ErrorRow } from './error-row.js';

export const JOURNAL_ERRORS = {
  KAIMON_JOURNAL_MISSING: {
    kind: 'environment',
    meaning: '`kaimon audit`: there is no journal in the state folder',
    advice: 'name the folder with `--state`; check `journal.enabled`',
  },
  KAIMON_JOURNAL_LOCKED: {
    kind: 'environment',
    meaning: 'another process writes the journal',
    advice: 'stop the daemon; with a running one, ask it over MQTT',
  },
  KAIMON_JOURNAL_KEY: {
    kind: 'environment',
    meaning: "the key of the journal's head is no Ed25519 key in PEM",
    advice: '`openssl genpkey -algorithm ed25519`; correct `journal.keyFile` or `--key`',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
