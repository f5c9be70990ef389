import { ChainCheck } from './chain.js';
import type { JournalDisk, StoredFile } from './disk.js';
import { decodeLine, type Entry, hashLine, LINE_MAX } from './entry.js';
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

/** So much of the newest file is looked at; the rest is what `kaimon audit verify` is for. */
const TAIL_BYTES = 2 * BATCH_BYTES_MAX;

export interface Opened {
  readonly position: Position;
  /** ISO time of the last entry. */
  readonly newest: string | undefined;
  readonly head: Mark | undefined;
  readonly segment: OpenSegment | undefined;
  /** What is to be written first. */
  readonly notes: readonly JournalInput[];
}

/** To be called by the one writer: finds where the chain ends, cuts a torn line off, and finishes a purge that was interrupted. */
export async function openChain(disk: JournalDisk): Promise<Opened> {
  await removeTemps(disk);
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
  // The end of the file before joins the last one only where that is read from its beginning.
  if (before && last && last.bytes <= TAIL_BYTES) chain.add(before.name, await wholeTail(disk, before));
  const tail = last && (await cutTorn(disk, last, chain));
  const position = chain.entries > 0 ? chain.position : (checkpoint ?? BEGINNING);
  const segment = last && tail && (await reopen(disk, files, last, tail.keep, position));
  const told = faults.all.filter(({ n }) => n > seen.broken).map(brokenNote);
  return {
    position: { n: position.n, hash: position.hash },
    newest: seen.newest?.time,
    head,
    segment,
    notes: [...(await repairNotes(disk, position.n + 1)), ...told, ...headNotes(head, position, last !== undefined)],
  };
}

export async function readMark(disk: JournalDisk, file: string): Promise<Mark | undefined> {
  const bytes = await disk.read(file);
  return bytes && decodeMark(bytes);
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

/** Shows the newest segment's end to `chain` without what was torn, which is set aside. */
async function cutTorn(disk: JournalDisk, last: StoredFile, chain: ChainCheck): Promise<{ readonly keep: number }> {
  const tail = await wholeTail(disk, last);
  const whole = wholeBytes(tail);
  chain.add(last.name, tail.subarray(0, whole));
  const torn = tail.subarray(whole);
  if (torn.length > 0) {
    // First a copy, then the cut: after a kill in between the line is torn still. Nobody is named in it.
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

/** What names the people of a torn line is thrown away with it. */
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

/** Notes of repairs that no entry tells of yet: the one just made, or one after which the process was killed. */
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

/** What a kill left of a file that was being replaced; it may name people. */
async function removeTemps(disk: JournalDisk): Promise<void> {
  for (const { name } of await disk.list()) if (isTemp(name)) await disk.remove(name);
}

/** Removes what the last purge meant to remove: as it goes from the oldest on, the segment that ends it is there. */
async function finishPurge(disk: JournalDisk, checkpoint: Mark | undefined): Promise<void> {
  if (!checkpoint) return;
  const files = await disk.list();
  const segments = files.filter(({ name }) => firstOf(name) !== undefined);
  const next = segments.findIndex(({ name }) => startOf(name) > checkpoint.n);
  const last = next < 0 ? undefined : segments[next - 1];
  // A checkpoint that was tampered with must not remove what nobody purged.
  if (last && (await endOf(disk, last)).hash !== checkpoint.hash) return;
  const kept = startOf(segments[next]?.name ?? '');
  if (Number.isFinite(kept)) for (const { name } of files) if (startOf(name) < kept) await disk.remove(name);
}

export interface SegmentEnd {
  readonly hash: string;
  /** Undefined where the last line is no entry. */
  readonly entry: Entry | undefined;
}

/** The last line of a segment. */
export async function endOf(disk: JournalDisk, { name }: StoredFile): Promise<SegmentEnd> {
  const { lines } = splitLines((await disk.read(name, 2 * LINE_MAX)) ?? Buffer.alloc(0));
  const line = lines.at(-1) ?? Buffer.alloc(0);
  const decoded = decodeLine(line);
  return { hash: hashLine(line), entry: 'entry' in decoded ? decoded.entry : undefined };
}

/** The number by which a file of the chain, of personal fields, or of torn bytes is named. */
export const startOf = (name: string): number => {
  const digits = /^(?:personal\/)?(\d{12})\./.exec(name)?.[1];
  return digits === undefined ? Number.POSITIVE_INFINITY : Number(digits);
};
