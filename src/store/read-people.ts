import type { Clock } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import { checkEncoder } from './encoder-check.js';
import { emptyDocument, type PeopleDocument } from './people-document.js';
import { PeopleFileAdapter } from './people-file.js';

/**
 * Reads the people without the right to change them, for a command beside a running daemon: nothing is locked, moved or
 * written. Without a file and a last good copy there are no people.
 * @throws OperatingError KAIMON_PEOPLE_CORRUPT, KAIMON_PEOPLE_SCHEMA, KAIMON_PEOPLE_ENCODER, KAIMON_FILE_READ, KAIMON_SEAL_KEY
 */
export async function readPeople(options: {
  readonly file: string;
  readonly encoder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly vault?: Vault | undefined;
}): Promise<PeopleDocument> {
  const document = await new PeopleFileAdapter({ ...options, readOnly: true }).read();
  if (document === null) return emptyDocument(options.encoder);
  checkEncoder(document, options.encoder, options.file);
  return document;
}
