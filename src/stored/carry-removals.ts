/** For going back to an older version: who was removed since a copy of the people was made must not come back with that copy. */
import { join } from 'node:path';
import { OperatingError } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { isReadAsNewest, newestFormat } from '../kit/files/format.js';
import { DamagedSeal } from '../kit/sealing/sealed-file.js';
import type { Vault } from '../kit/sealing/vault.js';
import type { Tombstone } from '../person/person.js';
import { compareVersions } from '../person/version.js';
import { isRemoval } from '../store/merge.js';
import { documentChunks, PEOPLE_FORMAT, type PeopleDocument } from '../store/people-document.js';
import { lastGoodOf, PEOPLE_PURPOSE } from '../store/people-file.js';
import { parsePeople } from '../store/people-parser.js';
import { PeopleState } from '../store/people-state.js';
import { InvalidPeople } from '../store/record.js';
import { PEOPLE_FILE } from './documents.js';
import { readStored } from './read-stored.js';

interface PeopleCopy {
  readonly path: string;
  readonly document: PeopleDocument;
  /** The number of its format. */
  readonly format: number;
}

/**
 * Takes the removals of one state folder over into the older people file of another, and into its last good copy, each in its own format.
 * May be repeated. What is damaged stays as it is, as long as the other of the two can be read.
 * @param from the state folder with the newer people; nothing is changed there
 * @returns how many removals the people file did not know
 * @throws OperatingError KAIMON_PEOPLE_CORRUPT, KAIMON_FILE_READ, KAIMON_FILE_WRITE, KAIMON_SEAL_KEY; NewerFormat
 */
export async function carryRemovals(from: string, to: string, vault: Vault): Promise<number> {
  const [newer] = await copiesIn(from, vault);
  if (!newer) return 0;
  let most = 0;
  for (const older of await copiesIn(to, vault)) {
    const { document, carried } = withRemovals(older.document, newer.document);
    most = Math.max(most, carried);
    if (carried > 0) await writeFileAtomic(older.path, vault.sealed(PEOPLE_PURPOSE, chunksIn(older.format, document)));
  }
  return most;
}

/** The file and its last good copy, as far as they can be read; none where there is neither. */
async function copiesIn(folder: string, vault: Vault): Promise<readonly PeopleCopy[]> {
  const file = join(folder, PEOPLE_FILE);
  const copies: PeopleCopy[] = [];
  let why: unknown;
  for (const path of [file, lastGoodOf(file)]) {
    try {
      const bytes = await readStored(path, vault);
      if (bytes) copies.push({ path, ...parsed(bytes) });
    } catch (thrown) {
      if (!(thrown instanceof InvalidPeople || thrown instanceof DamagedSeal)) throw thrown;
      why = thrown;
    }
  }
  if (copies.length > 0 || why === undefined) return copies;
  throw new OperatingError('KAIMON_PEOPLE_CORRUPT', `${file} and its last good copy are damaged`, { cause: why });
}

function parsed(bytes: Buffer): Omit<PeopleCopy, 'path'> {
  const reading = parsePeople(bytes);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return { document: value.document, format: value.older ?? newestFormat(PEOPLE_FORMAT) };
  }
}

function withRemovals(
  older: PeopleDocument,
  newer: PeopleDocument,
): { readonly document: PeopleDocument; readonly carried: number } {
  const [state, known] = [new PeopleState(older), new PeopleState(newer)];
  let carried = 0;
  for (const record of known.records()) {
    const own = state.record(record.id);
    // By version alone: an older format does not say who removed.
    if (!isRemoval(record) || (own && isRemoval(own) && compareVersions(record.version, own.version) <= 0)) continue;
    state.set(record);
    carried++;
  }
  return { document: state.snapshot(older.encoder), carried };
}

/** In a format of before, without the keys that it does not know: 1 holds version and date of a removal. */
function chunksIn(format: number, document: PeopleDocument): Generator<string, void> {
  if (!isReadAsNewest(format, PEOPLE_FORMAT)) throw new Error(`there is no way back to format ${format} of the people`);
  const steps = PEOPLE_FORMAT.steps.slice(0, format - 1);
  if (format > 1) return documentChunks(document, { ...PEOPLE_FORMAT, steps });
  const removed = new Map([...document.removed].map(([id, tombstone]) => [id, ofFormat1(tombstone)]));
  return documentChunks({ ...document, removed }, { ...PEOPLE_FORMAT, steps });
}

const ofFormat1 = ({ version, at }: Tombstone): Tombstone => ({ version, at });
