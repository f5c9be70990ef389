// pure
import type { ErrorRow } from './error-row.js';

export const STORE_ERRORS = {
  KAIMON_FILE_WRITE: {
    kind: 'environment',
    meaning: 'a file cannot be written (disk full, read-only, permission); the old one is intact',
    advice: 'what the sentence says',
  },
  KAIMON_FILE_READ: {
    kind: 'environment',
    meaning: 'a file exists but cannot be read',
    advice: "give it to Kaimon's user, check the disk",
  },
  KAIMON_SEAL_KEY: {
    kind: 'environment',
    meaning: 'people, passages or pictures are sealed, and the key is missing or another one; nothing was changed',
    advice:
      'give the key that the sentence names (`storage.sealKeyFile`, `--seal-key FILE`); without it: docs/install.md, "Sealing"',
  },
  KAIMON_PEOPLE_CORRUPT: {
    kind: 'environment',
    meaning: '`people.json` and its last good copy are both unusable',
    advice: 'restore a backup, or move both away to start with nobody; a running gate sees it within a minute',
  },
  KAIMON_PEOPLE_SCHEMA: {
    kind: 'environment',
    meaning: '`people.json` was written by a newer Kaimon',
    advice: 'install that version again, or restore an older backup',
  },
  KAIMON_PEOPLE_ENCODER: {
    kind: 'environment',
    meaning: 'no template of the encoder in use',
    advice: 'set `encoder` back, or enrol again',
  },
  KAIMON_PEOPLE_LOCKED: {
    kind: 'environment',
    meaning: 'another process has the store',
    advice: 'stop it, or ask the daemon over MQTT',
  },
  KAIMON_PEOPLE_FULL: {
    kind: 'environment',
    meaning: '50,000 people or 200,000 removals',
    advice: 'remove people; 200,000 removals are reported as a defect',
  },
  KAIMON_PEOPLE_RECORD: {
    kind: 'input',
    meaning: 'a record is invalid; nothing was changed',
    advice: 'correct it',
  },
  KAIMON_PEOPLE_ID_USED: {
    kind: 'input',
    meaning: 'the id belonged to a person who was removed',
    advice: 'choose another id',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
