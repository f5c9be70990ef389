/** Opens the file of the people: for writing, or as far as it can be had. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Low } from 'lowdb';
import { OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/errno.js';
import { renewSealAnyway } from '../kit/files/renew-seal.js';
import { WriterLock } from '../kit/files/writer-lock.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import { checkEncoder } from './encoder-check.js';
import { emptyDocument, type PeopleDocument } from './people-document.js';
import { lastGoodOf, PEOPLE_PURPOSE, PeopleFileAdapter, type PeopleFileOptions, SET_ASIDE } from './people-file.js';
import { PEOPLE_LOCK, type PeopleStoreOptions } from './people-options.js';
import { prepareFolder, tidyFolder } from './store-folder.js';

/** The right to write, and the file. */
export interface Writer {
  readonly lock: WriterLock;
  readonly low: Low<PeopleDocument>;
}

/** What was read. */
export interface Found {
  readonly document: PeopleDocument;
  /** That it is a last good copy, as a sentence; undefined: it is the file. */
  readonly recovered: string | undefined;
}

/**
 * Takes the lock and reads the file; a damaged one is set aside.
 * @throws OperatingError KAIMON_PEOPLE_LOCKED, KAIMON_PEOPLE_CORRUPT, KAIMON_PEOPLE_SCHEMA, KAIMON_PEOPLE_ENCODER, KAIMON_FILE_READ,
 *   KAIMON_FILE_WRITE; the lock is free again then
 */
export async function openWriter(
  options: PeopleStoreOptions,
  { known = false, onProgress }: Pick<PeopleFileOptions, 'known' | 'onProgress'> = {},
): Promise<Found & { readonly writer: Writer }> {
  const { file, log, vault } = options;
  await prepareFolder(file, log);
  const lockFile = `${file}.lock`;
  const lock = await WriterLock.take(lockFile, log, PEOPLE_LOCK);
  try {
    await tidyFolder([file, lastGoodOf(file), lockFile], log);
    if (vault) await renewSeals(file, vault, log, onProgress);
    const check = () => checkHeld(lock, file);
    const adapter = new PeopleFileAdapter({ ...options, known, onProgress, check });
    const low = new Low(options.storage ?? adapter, emptyDocument(options.encoder));
    await low.read();
    if (!options.acceptOtherEncoder) checkEncoder(low.data, options.encoder, file);
    return { writer: { lock, low }, document: low.data, recovered: adapter.recovered };
  } catch (thrown) {
    await lock.release().catch(() => undefined); // only the first error is reported
    throw thrown;
  }
}

/** Files that were set aside are sealed, too: they hold the same. */
async function renewSeals(file: string, vault: Vault, log: Log, onProgress?: () => void): Promise<void> {
  const folder = dirname(file);
  const aside = (await readdir(folder)).filter((name) => name.startsWith(`${basename(file)}.`) && SET_ASIDE.test(name));
  for (const path of [file, lastGoodOf(file), ...aside.map((name) => join(folder, name))])
    await renewSealAnyway(path, PEOPLE_PURPOSE, vault, log, onProgress);
}

/** The next try takes the lock anew, and says who has it where that fails. @throws OperatingError KAIMON_PEOPLE_LOCKED, KAIMON_FILE_READ */
async function checkHeld(lock: WriterLock, file: string): Promise<void> {
  if (await lock.holds()) return;
  throw new OperatingError('KAIMON_PEOPLE_LOCKED', `the people store in ${file} is not this process's any more`);
}

/** Whether a gate can start although its people cannot be opened. With another process at them it cannot: two daemons are a mistake. */
export const isBearable = (why: unknown): boolean =>
  why instanceof OperatingError ? why.code !== 'KAIMON_PEOPLE_LOCKED' : errnoOf(why) !== undefined;

/**
 * The people without the right to change them; nothing is moved or written. Nobody where the file cannot be used.
 * @param why the store could not be opened for writing
 * @returns what is to be mended: `why`, or what keeps even reading from going well; and whether the document says who is enrolled
 */
export async function readAnyway(
  options: PeopleStoreOptions,
  why: unknown,
): Promise<Found & { readonly fault: unknown; readonly known: boolean }> {
  const { file, encoder } = options;
  const nobody = { document: emptyDocument(encoder), recovered: undefined };
  const adapter = new PeopleFileAdapter({ ...options, readOnly: true });
  try {
    const document = await (options.storage ?? adapter).read();
    if (document === null) return { ...nobody, fault: why, known: true };
    checkEncoder(document, encoder, file);
    return { document, recovered: adapter.recovered, fault: why, known: true };
  } catch (fault) {
    if (!isBearable(fault)) throw fault;
    return { ...nobody, fault, known: false };
  }
}
