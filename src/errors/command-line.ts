// pure
import type { ErrorRow } from './error-row.js';

export const COMMAND_LINE_ERRORS = {
  KAIMON_CONFIG: {
    kind: 'usage',
    meaning: 'the configuration has mistakes; all are listed with key and place',
    advice: 'correct the named lines or variables; `kaimon config check`',
  },
  KAIMON_CONFIG_FILE: {
    kind: 'usage',
    orKind: 'environment',
    meaning: 'the configuration file is missing, no plain file, too large or unreadable',
    advice: 'name another with `--config`, or let this user read it',
  },
  KAIMON_PATHS: {
    kind: 'environment',
    meaning: 'there is no home folder to derive the state folder from',
    advice: '`--state DIR`',
  },
  KAIMON_SECRET: {
    kind: 'environment',
    meaning: 'a file named by a `…File` key cannot be read or is empty',
    advice: 'check path and permissions; a running gate takes it once it is there',
  },
  KAIMON_USAGE: {
    kind: 'usage',
    meaning: 'an argument is missing, too much or not allowed',
    advice: '`kaimon <command> --help`',
  },
  KAIMON_PERSON_UNKNOWN: {
    kind: 'usage',
    meaning: 'nobody, or more than one person, is enrolled under this name',
    advice: '`kaimon people list`, then give the id',
  },
  KAIMON_PAIRS_FILE: {
    kind: 'input',
    meaning: 'the pairs file cannot be read, or one of its lines is not a pair',
    advice: 'correct the named line',
  },
  KAIMON_IMAGES: {
    kind: 'input',
    meaning: 'the folder holds no images `NAME/NAME_0001.jpg`, or too many',
    advice: "give the folder above the people's folders",
  },
  KAIMON_LIVENESS_SET: {
    kind: 'input',
    meaning: 'a set of live faces and attacks, or a file of it, cannot be used',
    advice: 'correct the file or line named',
  },
  KAIMON_GALLERY_SIZE: {
    kind: 'usage',
    meaning: 'the set of photos has too few people with two or more photos for such a gallery',
    advice: 'a smaller `--gallery-size`, or more photos',
  },
  KAIMON_GALLERY_EMPTY: {
    kind: 'input',
    meaning: 'nobody of the gallery of an evaluation could be enrolled',
    advice: 'sharp frontal photos, one folder a person',
  },
  KAIMON_STRANGER_KNOWN: {
    kind: 'input',
    meaning: 'a stranger of an evaluation has the name of an enrolled person',
    advice: 'take the person out of one of the two folders',
  },
} as const satisfies Readonly<Record<`KAIMON_${string}`, ErrorRow>>;
