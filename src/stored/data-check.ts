/** What a state folder holds, in which formats, and whether this version can go on with it. Nothing is changed. */
import { join } from 'node:path';
import { decodeLine, JOURNAL_FORMAT, LINE_MAX } from '../journal/entry.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import { decodeMark, MARK_FORMAT } from '../journal/head.js';
import { firstOf, splitLines } from '../journal/segment.js';
import { explain, OperatingError } from '../kit/errors.js';
import { formatOf, migrated, NEWER_ADVICE, NewerFormat, newerFile, newestFormat } from '../kit/files/format.js';
import { openPlainFile } from '../kit/files/plain-file.js';
import { DamagedSeal, SEAL_VERSION, START_BYTES, sealVersionOf } from '../kit/sealing/sealed-file.js';
import { Vault } from '../kit/sealing/vault.js';
import { PEOPLE_FORMAT } from '../store/people-document.js';
import { parsePeople } from '../store/people-parser.js';
import { STORED_DOCUMENTS, type StoredDocument } from './documents.js';
import { purposeOf, readStored } from './read-stored.js';
import { writtenBy } from './written-by.js';

export interface DocumentFinding {
  readonly file: string;
  readonly name: string;
  /** The number in the file; null where none can be read. */
  readonly format: number | null;
  /** The format that this version writes. */
  readonly newest: number;
  /** `older`: it is read, and migrated at the next write. `sealed`: its key is not here, and nothing was seen of it. */
  readonly result: 'current' | 'older' | 'newer' | 'unusable' | 'sealed';
  readonly text: string;
}

export interface DataReport {
  /** This version can go on with all that is there, as far as it was seen: see `sealed`. */
  readonly ok: boolean;
  readonly state: string;
  /** The version of Kaimon that wrote the folder last; null where it is not known. */
  readonly writtenBy: string | null;
  readonly documents: readonly DocumentFinding[];
  /** How many of them could not be looked into. */
  readonly sealed: number;
}

export interface CheckOptions {
  readonly documents?: readonly StoredDocument[];
  /** Opens what is sealed; without its key a file is only known to be sealed. */
  readonly vault?: Vault;
}

/** Reads all documents of a state folder, also beside a running daemon. Those that are not there are left out. */
export async function checkData(
  state: string,
  { documents = STORED_DOCUMENTS, vault = Vault.plain() }: CheckOptions = {},
): Promise<DataReport> {
  const findings: DocumentFinding[] = [];
  for (const document of documents) {
    const finding = await checkDocument(state, document, vault);
    if (finding) findings.push(finding);
  }
  findings.push(...(await checkSegments(state)));
  const ok = findings.every(({ result }) => result !== 'newer' && result !== 'unusable');
  const sealed = findings.filter(({ result }) => result === 'sealed').length;
  return { ok, state, writtenBy: (await writtenBy(state)) ?? null, documents: findings, sealed };
}

/**
 * Refuses a state folder that a later version has written, before anything is opened that could write to it. Only the numbers are read.
 * @param vault opens what is sealed @returns whether all of them could be, and are of this version or before: what is sealed with another key tells nothing
 * @throws OperatingError KAIMON_DATA_NEWER
 */
export async function refuseNewerData(
  state: string,
  { documents = STORED_DOCUMENTS, vault = Vault.plain() }: CheckOptions = {},
): Promise<boolean> {
  let all = true;
  for (const { file, format, forSight } of documents) {
    const seal = sealVersionOf((await readStart(join(state, file))) ?? Buffer.alloc(0));
    if (seal !== undefined && seal > SEAL_VERSION) {
      if (!forSight) throw await newer(state, file, seal, SEAL_VERSION);
      all = false;
      continue;
    }
    const number = await numberAtStart(join(state, file), format.key, vault);
    // Who wrote that one is to be known until it is read again.
    if (number === undefined || (forSight && number > newestFormat(format))) all = false;
    else if (number > newestFormat(format)) throw await newer(state, file, number, newestFormat(format));
  }
  const [last] = await lastLines(state, 1);
  const number = last && formatOf(jsonOf(last.line), JOURNAL_FORMAT);
  if (number !== undefined && number > newestFormat(JOURNAL_FORMAT))
    throw await newer(state, last?.file ?? '', number, newestFormat(JOURNAL_FORMAT));
  return all;
}

const newer = async (state: string, file: string, found: number, newest: number): Promise<OperatingError> =>
  newerFile(join(state, file), new NewerFormat(found, newest), await writtenBy(state));

async function checkDocument(
  state: string,
  { file, format, shape }: StoredDocument,
  vault: Vault,
): Promise<DocumentFinding | undefined> {
  const about = { file, name: format.name, format: null, newest: newestFormat(format) };
  let number: number | null = null;
  try {
    const bytes = await readStored(join(state, file), vault);
    if (!bytes) return undefined;
    number = formatOf(jsonStart(bytes, format.key) ?? jsonOf(bytes), format) ?? null;
    if (format === PEOPLE_FORMAT) drain(bytes);
    else if (format === MARK_FORMAT) readMark(bytes);
    else shape?.parse(migrated(jsonOf(bytes), format).document);
    return finding({ ...about, format: number });
  } catch (thrown) {
    if (thrown instanceof NewerFormat) return finding({ ...about, format: number });
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_DATA_NEWER')
      return { ...about, result: 'newer', text: `sealed by a newer Kaimon: ${NEWER_ADVICE}` };
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_SEAL_KEY')
      return { ...about, result: 'sealed', text: 'sealed: not looked into without its key (--seal-key FILE)' };
    const text = thrown instanceof OperatingError ? explain(thrown) : 'damaged';
    return { ...about, format: number, result: 'unusable', text };
  }
}

/** @throws NewerFormat */
function readMark(bytes: Buffer): void {
  if (!decodeMark(bytes)) throw new Error('damaged');
}

/** Reads the whole of the people. @throws InvalidPeople, NewerFormat */
function drain(bytes: Buffer): void {
  for (const reading = parsePeople(bytes); !reading.next().done; );
}

/** One finding for each format that the journal's files end with. */
async function checkSegments(state: string): Promise<readonly DocumentFinding[]> {
  const newest = newestFormat(JOURNAL_FORMAT);
  const found = new Map<number | null, DocumentFinding>();
  for (const { file, line } of await lastLines(state)) {
    const format = formatOf(jsonOf(line), JOURNAL_FORMAT) ?? null;
    const about = { file, name: JOURNAL_FORMAT.name, format, newest };
    const usable = 'entry' in decodeLine(line) || (format ?? 0) > newest;
    found.set(format, usable ? finding(about) : { ...about, result: 'unusable', text: 'its last line is damaged' });
  }
  return [...found.values()];
}

function finding(about: Omit<DocumentFinding, 'result' | 'text'>): DocumentFinding {
  const { format, newest } = about;
  if (format === null || format === newest) return { ...about, result: 'current', text: 'read as it is' };
  if (format > newest) return { ...about, result: 'newer', text: `of a newer Kaimon: ${NEWER_ADVICE}` };
  return { ...about, result: 'older', text: `read, and written as format ${newest} with the next change` };
}

/** The last whole line of each of the newest segments. */
async function lastLines(
  state: string,
  atMost = Number.POSITIVE_INFINITY,
): Promise<readonly { readonly file: string; readonly line: Buffer }[]> {
  const disk = new FileDisk(journalFolder(state));
  const ends = [];
  const segments = (await disk.list()).filter(({ name }) => firstOf(name) !== undefined);
  for (const { name } of segments.slice(-atMost)) {
    const line = splitLines((await disk.read(name, 2 * LINE_MAX)) ?? Buffer.alloc(0)).lines.at(-1);
    if (line) ends.push({ file: `journal/${name}`, line });
  }
  return ends;
}

/** Characters in which the number stands where Kaimon wrote the file. */
const NUMBER_WITHIN = 256;

/** The number at the beginning of a file, or anywhere in it where a person has moved it; 0 where there is none, undefined where it is sealed with another key. */
async function numberAtStart(path: string, key: string, vault: Vault): Promise<number | undefined> {
  const start = await readStart(path);
  if (!start) return 0;
  try {
    const opened = vault.openedStart(purposeOf(path), start, path);
    const json = jsonStart(opened, key) ?? (await wholeNumber(path, key, vault));
    return formatOf(json, { name: '', key: key === 'v' ? 'v' : 'schema', steps: [] }) ?? 0;
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_SEAL_KEY') return undefined;
    // One that was changed is for the part that needs it.
    if (thrown instanceof DamagedSeal) return 0;
    throw thrown;
  }
}

async function wholeNumber(path: string, key: string, vault: Vault): Promise<unknown> {
  const bytes = (await readStored(path, vault)) ?? Buffer.alloc(0);
  return jsonStart(bytes, key) ?? jsonOf(bytes);
}

async function readStart(path: string): Promise<Buffer | undefined> {
  // One that is missing, cannot be read or is no file is for the part that needs it. A named pipe would never be opened.
  const handle = await openPlainFile(path, Number.MAX_SAFE_INTEGER).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const bytes = Buffer.alloc(START_BYTES);
    return bytes.subarray(0, (await handle.read(bytes, 0, START_BYTES, 0)).bytesRead);
  } finally {
    await handle.close();
  }
}

/** A document of its number alone, where that is the first thing in the file. */
function jsonStart(bytes: Buffer, key: string): Readonly<Record<string, number>> | undefined {
  const [, found, number] =
    /^\s*\{\s*"(schema|v)"\s*:\s*(\d{1,9})\s*[,}]/.exec(bytes.toString('latin1', 0, NUMBER_WITHIN)) ?? [];
  return found === key ? { [key]: Number(number) } : undefined;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // What is no JSON has no number; whoever reads it says that it is damaged.
    return undefined;
  }
}
