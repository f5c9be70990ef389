/** What a backup holds, read beside a running daemon: each file is as it was at one moment, and the journal ends with a whole line. */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { ARCHIVES, archiveFolder, archiveNames } from '../journal/archive/archives.js';
import { type AuditReport, JournalAudit, segmentNames } from '../journal/audit/audit.js';
import { decodeLine } from '../journal/entry.js';
import { personalUpTo, sealedAnew } from '../journal/erasing.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import { CHECKPOINT_FILE, encodeMark, HEAD_FILE, type Mark, type Position } from '../journal/head.js';
import { readMark } from '../journal/recovery.js';
import { PERSONAL_FOLDER, personalName, splitLines } from '../journal/segment.js';
import { ERASED } from '../journal/writer.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { breathing } from '../kit/files/breathing.js';
import { errnoOf } from '../kit/files/errno.js';
import { NewerFormat, newerFile } from '../kit/files/format.js';
import { readSettled } from '../kit/files/read-settled.js';
import { DamagedSeal } from '../kit/sealing/sealed-file.js';
import type { Lines, Vault } from '../kit/sealing/vault.js';
import type { PeopleDocument } from '../store/people-document.js';
import { lastGoodOf } from '../store/people-file.js';
import { parsePeople } from '../store/people-parser.js';
import { InvalidPeople } from '../store/record.js';
import { PEOPLE_FILE } from '../stored/documents.js';
import { readStored, readWhole } from '../stored/read-stored.js';
import { isMember } from './manifest.js';

/** State that a restored gate needs; what else there is it can do without, or it belongs to the machine. */
export const STATE_FILES = ['passages.json', 'clock.json', 'door-mode.json', 'calibration.json'] as const;
export const CONFIG_MEMBER = 'kaimon.yaml';
export const EVIDENCE = 'evidence';

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The daemon has purged or erased while the journal was read: it is to be read anew. */
export class MovedOn extends Error {
  override readonly name = 'MovedOn';
}

/** The people, from the file or its last good copy; undefined where there are none. @throws OperatingError KAIMON_PEOPLE_CORRUPT, KAIMON_FILE_READ, KAIMON_SEAL_KEY */
export async function readPeopleFile(
  state: string,
  vault: Vault,
): Promise<{ readonly bytes: Buffer; readonly document: PeopleDocument } | undefined> {
  const file = join(state, PEOPLE_FILE);
  let why: unknown;
  for (const path of [file, lastGoodOf(file)]) {
    try {
      const bytes = await readStored(path, vault);
      if (bytes) return { bytes, document: documentOf(bytes, path) };
    } catch (thrown) {
      if (!(thrown instanceof InvalidPeople || thrown instanceof DamagedSeal)) throw thrown;
      why = thrown;
    }
  }
  if (why === undefined) return undefined;
  throw new OperatingError('KAIMON_PEOPLE_CORRUPT', `${file} and its last good copy are damaged`, { cause: why });
}

/** @param file for the error @throws InvalidPeople; OperatingError KAIMON_DATA_NEWER */
export function documentOf(bytes: Buffer, file: string): PeopleDocument {
  const reading = parsePeople(bytes);
  try {
    for (;;) {
      const step = reading.next();
      if (step.done) return step.value.document;
    }
  } catch (thrown) {
    throw thrown instanceof NewerFormat ? newerFile(file, thrown) : thrown;
  }
}

export async function* stateFiles(state: string, vault: Vault): AsyncGenerator<NamedBytes> {
  for (const name of STATE_FILES) {
    const bytes = await readWhole(join(state, name), vault);
    if (bytes) yield { name, bytes };
  }
}

/** The pictures of attacks. One that is purged meanwhile is left out; one that does not open is taken as it is. */
export async function* evidence(state: string, vault: Vault): AsyncGenerator<NamedBytes> {
  const folder = join(state, EVIDENCE);
  const names = await fs.readdir(folder).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${folder}: ${messageOf(cause)}`, { cause });
  });
  for (const name of names.sort()) {
    const member = `${EVIDENCE}/${name}`;
    const bytes = isMember(member) ? await readPicture(join(folder, name), vault) : undefined;
    if (bytes) yield { name: member, bytes };
  }
}

async function readPicture(path: string, vault: Vault): Promise<Buffer | undefined> {
  try {
    return await readStored(path, vault);
  } catch (thrown) {
    // It cannot be opened where it is either: no reason to have no backup of the rest.
    if (thrown instanceof DamagedSeal || (thrown instanceof OperatingError && thrown.code === 'KAIMON_SEAL_KEY'))
      return readSettled(path);
    throw thrown;
  }
}

/** Personal fields as they are without a seal. Lines of an unknown key stay as they are: they cannot be read here either. */
const plainPersonal = async (bytes: Buffer, seals: Lines): Promise<Buffer> =>
  (await breathing(sealedAnew(bytes, { ...seals, write: undefined }))).bytes;

/** The gate's own journal. @param atAnyRate takes it with its faults, whatever was changed meanwhile @returns what an audit of just these bytes finds, and their end; undefined where there is no journal */
export async function* journal(
  state: string,
  seals: Lines,
  atAnyRate = false,
): AsyncGenerator<NamedBytes, { readonly report: AuditReport; readonly end: Position } | undefined> {
  const disk = new FileDisk(journalFolder(state));
  // First the head: the chain can only have grown since.
  const head = await readMark(disk, HEAD_FILE);
  const checkpoint = await readMark(disk, CHECKPOINT_FILE);
  const names = await segmentNames(disk);
  if (names.length === 0 && !head) return undefined;
  if (head) yield { name: `journal/${HEAD_FILE}`, bytes: Buffer.from(encodeMark(head)) };
  if (checkpoint) yield { name: `journal/${CHECKPOINT_FILE}`, bytes: Buffer.from(encodeMark(checkpoint)) };
  const audit = new JournalAudit(disk.folder, { head, checkpoint });
  for (const [index, name] of names.entries()) {
    const bytes = await disk.read(name);
    if (!bytes) throw new MovedOn(`${name} was purged`);
    const newest = index === names.length - 1;
    // A line that is being written is not in the backup, nor what a kill left of one.
    const whole = newest ? bytes.subarray(0, bytes.length - splitLines(bytes).torn) : bytes;
    audit.chain(name, whole);
    // Personal fields are on the disk before their entry, so they are read after it.
    const found = await plainPersonal((await disk.read(personalName(name))) ?? Buffer.alloc(0), seals);
    const personal = newest ? found.subarray(0, personalUpTo(found, audit.position.n)) : found;
    audit.personal(name, personal);
    yield { name: `journal/${name}`, bytes: whole };
    yield { name: `journal/${personalName(name)}`, bytes: personal };
  }
  const end = audit.position;
  const report = audit.report();
  // Faults that nothing explains were there before: a busy gate appends all the time, and that makes none.
  if (!report.ok && !atAnyRate && (await hasMoved(disk, { checkpoint, names, end })))
    throw new MovedOn('it was purged or erased meanwhile');
  return { report, end };
}

interface Seen {
  readonly checkpoint: Mark | undefined;
  readonly names: readonly string[];
  readonly end: Position;
}

/** Whether something was purged or erased since this was seen. */
async function hasMoved(disk: FileDisk, { checkpoint, names, end }: Seen): Promise<boolean> {
  if ((await readMark(disk, CHECKPOINT_FILE))?.hash !== checkpoint?.hash) return true;
  const now = await segmentNames(disk);
  if (names.some((name) => !now.includes(name))) return true;
  for (const name of now.slice(Math.max(0, names.length - 1))) {
    for (const line of splitLines((await disk.read(name)) ?? Buffer.alloc(0)).lines) {
      const decoded = decodeLine(line);
      if ('entry' in decoded && decoded.entry.n > end.n && decoded.entry.type === ERASED) return true;
    }
  }
  return false;
}

/** The journals of other gates, and those that were replaced. */
export async function* archives(state: string, seals: Lines): AsyncGenerator<NamedBytes> {
  for (const archive of await archiveNames(state)) {
    const disk = new FileDisk(archiveFolder(state, archive));
    for (const { name } of await disk.list()) {
      const member = `${ARCHIVES}/${archive}/${name}`;
      const bytes = isMember(member) ? await disk.read(name) : undefined;
      if (!bytes) continue;
      const isPersonal = name.startsWith(`${PERSONAL_FOLDER}/`);
      yield { name: member, bytes: isPersonal ? await plainPersonal(bytes, seals) : bytes };
    }
  }
}
