/** Brings the files of a journal into order when the daemon starts, after whatever ended it the last time. */
import { join } from 'node:path';
import { migrated, NewerFormat, newerFile } from '../kit/files/format.js';
import { ChainCheck } from './chain.js';
import type { JournalDisk, StoredFile } from './disk.js';
import { decodeLine, type Entry, hashLine, JOURNAL_FORMAT, LINE_MAX } from './entry.js';
import { personalUpTo } from './erasing.js';
import { FaultList } from './faults.js';
import { BEGINNING, CHECKPOINT_FILE, decodeMark, HEAD_FILE, type Mark, type Position } from './head.js';
import { OpenSegment } from './open-segment.js';
import {
  BATCH_BYTES_MAX,
  firstOf,
  isTemp,
  notedBy,
  personalName,
  splitLines,
  tornName,
  wholeBytes,
} from './segment.js';
import { BROKEN, type JournalInput, REPAIRED } from './writer.js';

/** Only so much of the newest file is checked; `kaimon audit verify` checks all of it. */
const TAIL_BYTES = 2 * BATCH_BYTES_MAX;

export interface RecoveredChain {
  readonly position: Position;
  /** ISO time of the last entry. */
  readonly newest: string | undefined;
  readonly head: Mark | undefined;
  readonly segment: OpenSegment | undefined;
  /** Entries about what was found, to be written before any other. */
  readonly notes: readonly JournalInput[];
  /** What the writer has in the chain beyond the end that it knew, in order. */
  readonly own: readonly Entry[];
}

/** How far a writer that has lost its lock knows the chain, and its files, to be good. */
export interface KnownEnd {
  readonly boot: string;
  /** The number of the last entry. */
  readonly n: number;
  readonly segment: string;
  /** Bytes of it. */
  readonly bytes: number;
}

/**
 * Finds where the chain ends, cuts a torn line off, and finishes an interrupted purge. Only for the one writer.
 * @throws OperatingError KAIMON_DATA_NEWER before anything is changed
 * @param known for a writer that had the chain before: beyond it may stand what it wrote and could not fsync
 */
export async function recoverChain(disk: JournalDisk, known?: KnownEnd): Promise<RecoveredChain> {
  await refuseNewerJournal(disk);
  await removeTemps(disk);
  const own = known ? await settleEnd(disk, known) : [];
  const checkpoint = await readMark(disk, CHECKPOINT_FILE);
  await finishPurge(disk, checkpoint);
  const files = await disk.list();
  const head = await readMark(disk, HEAD_FILE);
  const faults = new FaultList();
  const seen: { newest?: Entry; broken: number } = { broken: 0 };
  const chain = new ChainCheck(faults, {
    anyStart: true,
    head,
    onEntry: (entry) => {
      seen.newest = entry;
      if (entry.type === BROKEN) seen.broken = entry.n;
    },
  });
  const [before, last] = newestSegments(files);
  // The file before is checked too where the last one is read from its beginning: its end must join.
  if (before && last && last.bytes <= TAIL_BYTES) chain.add(before.name, await wholeTail(disk, before));
  const tail = last && (await cutTorn(disk, last, chain));
  const position = chain.entries > 0 ? chain.position : (checkpoint ?? BEGINNING);
  const segment = last && tail && (await reopen(disk, files, last, tail.keep, position));
  const unreported = faults.all.filter(({ n }) => n > seen.broken).map(brokenNote);
  return {
    position: { n: position.n, hash: position.hash },
    newest: seen.newest?.time,
    head,
    segment,
    notes: [
      ...(await repairNotes(disk, position.n + 1)),
      ...unreported,
      ...headNotes(head, position, last !== undefined),
    ],
    own,
  };
}

/**
 * Cuts off what the writer itself has left beyond the end that it knew: after a failed fsync nobody knows whether it is on the disk, so it is
 * written again. Where another process has gone on from it, it stays.
 * @returns the writer's entries that stay
 */
async function settleEnd(disk: JournalDisk, { boot, n, segment, bytes }: KnownEnd): Promise<readonly Entry[]> {
  const files = await disk.list();
  const size = files.find(({ name }) => name === segment)?.bytes ?? 0;
  if (size <= bytes) return [];
  const { lines } = splitLines((await disk.read(segment, size - bytes)) ?? Buffer.alloc(0));
  const own: Entry[] = [];
  for (const line of lines) {
    const decoded = decodeLine(line);
    if (!('entry' in decoded) || decoded.entry.boot !== boot) break;
    own.push(decoded.entry);
  }
  const [, last] = newestSegments(files);
  // A process that only opened and closed the journal has written a head that knows them.
  const headN = (await readMark(disk, HEAD_FILE))?.n ?? 0;
  if (own.length === 0 || own.length < lines.length || last?.name !== segment || headN > n) return own;
  await cut(disk, segment, bytes);
  return [];
}

/** The head or the checkpoint; undefined where the file is missing or unreadable. @throws OperatingError KAIMON_DATA_NEWER */
export async function readMark(disk: JournalDisk, file: string): Promise<Mark | undefined> {
  const bytes = await disk.read(file);
  try {
    return bytes && decodeMark(bytes);
  } catch (thrown) {
    throw thrown instanceof NewerFormat ? newerFile(join(disk.folder, file), thrown) : thrown;
  }
}

/** A journal of a later version must not be mended, noted as broken or gone on with: @throws OperatingError KAIMON_DATA_NEWER */
async function refuseNewerJournal(disk: JournalDisk): Promise<void> {
  for (const file of [HEAD_FILE, CHECKPOINT_FILE]) await readMark(disk, file);
  const [, last] = newestSegments(await disk.list());
  const { lines } = splitLines((last && (await disk.read(last.name, 2 * LINE_MAX))) ?? Buffer.alloc(0));
  if (last) refuseNewer(lines.at(-1) ?? Buffer.alloc(0), join(disk.folder, last.name));
}

function refuseNewer(bytes: Buffer, file: string): void {
  try {
    migrated(jsonOf(bytes), JOURNAL_FORMAT);
  } catch (thrown) {
    throw thrown instanceof NewerFormat ? newerFile(file, thrown) : thrown;
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // What is no JSON is damaged, which the caller finds.
    return undefined;
  }
}

const newestSegments = (files: readonly StoredFile[]): readonly [StoredFile | undefined, StoredFile | undefined] => {
  const segments = files.filter(({ name }) => firstOf(name) !== undefined);
  return [segments.at(-2), segments.at(-1)];
};

/** The whole lines at the end of a file. */
async function wholeTail(disk: JournalDisk, { name, bytes }: StoredFile): Promise<Buffer> {
  const tail = (await disk.read(name, TAIL_BYTES)) ?? Buffer.alloc(0);
  return bytes > TAIL_BYTES ? tail.subarray(tail.indexOf(0x0a) + 1) : tail;
}

/** Sets a torn line at the newest segment's end aside, and lets `chain` check what is before it. */
async function cutTorn(disk: JournalDisk, last: StoredFile, chain: ChainCheck): Promise<{ readonly keep: number }> {
  const tail = await wholeTail(disk, last);
  const whole = wholeBytes(tail);
  chain.add(last.name, tail.subarray(0, whole));
  const torn = tail.subarray(whole);
  if (torn.length > 0) {
    // First a copy, then the cut: after a kill in between, the torn line is still there. It names no person.
    await disk.replace(tornName(last.name, chain.position.n + 1), torn);
    await cut(disk, last.name, last.bytes - torn.length);
  }
  return { keep: last.bytes - torn.length };
}

async function cut(disk: JournalDisk, name: string, bytes: number): Promise<void> {
  const file = await disk.open(name);
  try {
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Opens the newest segment for writing, without the personal fields of a torn line. */
async function reopen(
  disk: JournalDisk,
  files: readonly StoredFile[],
  last: StoredFile,
  keep: number,
  { n }: Position,
) {
  const name = personalName(last.name);
  const bytes = files.find((file) => file.name === name)?.bytes ?? 0;
  const tail = (await disk.read(name, TAIL_BYTES)) ?? Buffer.alloc(0);
  const surplus = tail.length - personalUpTo(tail, n);
  if (surplus > 0) await cut(disk, name, bytes - surplus);
  return new OpenSegment(disk, last.name, keep, bytes - surplus);
}

/** Notes of repairs that have no entry yet: the one just made, or one after which the process was killed. */
async function repairNotes(disk: JournalDisk, n: number): Promise<readonly JournalInput[]> {
  const files = await disk.list();
  return files
    .filter(({ name }) => notedBy(name) === n)
    .map(({ name, bytes }) => ({ type: REPAIRED, fields: { file: `${name.slice(0, 12)}.jsonl`, bytes, aside: name } }));
}

const brokenNote = (fault: {
  readonly kind: string;
  readonly file: string;
  readonly line: number;
  readonly n: number;
  readonly text: string;
}): JournalInput => {
  const { kind, file, n, text } = fault;
  return { type: BROKEN, fields: { kind, file, entry: n, text } };
};

function headNotes(head: Mark | undefined, { n }: Position, anyFile: boolean): readonly JournalInput[] {
  if (head && head.n > n) {
    const text = `the journal ended with entry ${n}, but ${HEAD_FILE} knew entry ${head.n}`;
    return [
      {
        type: BROKEN,
        fields: { kind: 'missing', file: HEAD_FILE, entry: n + 1, headN: head.n, headHash: head.hash, text },
      },
    ];
  }
  if (!head && anyFile && n > 0)
    return [
      { type: BROKEN, fields: { kind: 'mark', file: HEAD_FILE, entry: n, text: 'the file was missing or unreadable' } },
    ];
  return [];
}

/** Removes what a kill left of a file that was being replaced; it may name people. */
async function removeTemps(disk: JournalDisk): Promise<void> {
  for (const { name } of await disk.list()) if (isTemp(name)) await disk.remove(name);
}

/** Removes what an interrupted purge has left. It goes from the oldest on, so the last segment it meant to remove is still there. */
async function finishPurge(disk: JournalDisk, checkpoint: Mark | undefined): Promise<void> {
  if (!checkpoint) return;
  const files = await disk.list();
  const segments = files.filter(({ name }) => firstOf(name) !== undefined);
  const next = segments.findIndex(({ name }) => startOf(name) > checkpoint.n);
  const last = next < 0 ? undefined : segments[next - 1];
  // A checkpoint that was tampered with must not remove segments that were not purged.
  if (last && (await endOf(disk, last)).hash !== checkpoint.hash) return;
  const kept = startOf(segments[next]?.name ?? '');
  if (Number.isFinite(kept)) for (const { name } of files) if (startOf(name) < kept) await disk.remove(name);
}

export interface SegmentEnd {
  readonly hash: string;
  /** Undefined where the last line cannot be read as an entry. */
  readonly entry: Entry | undefined;
}

/** The last line of a segment. */
export async function endOf(disk: JournalDisk, { name }: StoredFile): Promise<SegmentEnd> {
  const { lines } = splitLines((await disk.read(name, 2 * LINE_MAX)) ?? Buffer.alloc(0));
  const line = lines.at(-1) ?? Buffer.alloc(0);
  const decoded = decodeLine(line);
  return { hash: hashLine(line), entry: 'entry' in decoded ? decoded.entry : undefined };
}

/** The number in the name of a segment, or of a file that belongs to one; infinite for other names. */
export const startOf = (name: string): number => {
  const digits = /^(?:personal\/)?(\d{12})\./.exec(name)?.[1];
  return digits === undefined ? Number.POSITIVE_INFINITY : Number(digits);
};
