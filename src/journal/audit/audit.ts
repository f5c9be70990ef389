/** Checks a whole journal, for `kaimon audit verify`. */
import { OperatingError } from '../../kit/errors.js';
import type { Lines } from '../../kit/sealing/vault.js';
import { ChainCheck } from '../chain.js';
import type { JournalDisk } from '../disk.js';
import { type Fault, FaultList, type Place } from '../faults.js';
import { CHECKPOINT_FILE, HEAD_FILE, type Mark, type Position, type SignatureCheck, signatureFault } from '../head.js';
import { readMark } from '../recovery.js';
import { firstOf, personalName, splitLines } from '../segment.js';
import { AuditCounts } from './counts.js';
import type { Seam } from './seam.js';

export interface AuditReport {
  /** No fault was found. */
  readonly ok: boolean;
  readonly folder: string;
  readonly segments: number;
  readonly entries: number;
  /** Numbers of the first and the last entry; 0 where there is none. */
  readonly first: number;
  readonly last: number;
  /** The hash of the last entry. */
  readonly lastHash: string;
  readonly head: Mark | null;
  readonly checkpoint: Mark | null;
  readonly signature: 'valid' | 'invalid' | 'unchecked' | 'none';
  /** Entries with personal fields, entries whose personal fields were erased, and of the kept ones those sealed with a key that was not given. */
  readonly personal: { readonly kept: number; readonly erased: number; readonly locked: number };
  /** What the daemon noted about its own journal. */
  readonly notes: { readonly repaired: number; readonly gaps: number; readonly lost: number; readonly purges: number };
  /** Where backups were restored. */
  readonly seams: readonly Seam[];
  /** A last line without an end: it is being written, or a kill cut it off; the next start of the daemon repairs it. */
  readonly torn: (Place & { readonly bytes: number }) | null;
  readonly faults: readonly Fault[];
  /** Faults beyond those. */
  readonly moreFaults: number;
}

export interface AuditOptions {
  readonly check?: SignatureCheck | undefined;
  /** How many entries were erased without a line of the journal: in an archive. */
  readonly erasedBeside?: number;
  /** How personal fields are opened that are sealed. */
  readonly seals?: Lines | undefined;
}

/** The daemon may purge or erase while the files are read; then the check starts again, so many times at most. */
const TRIES_MAX = 3;

/**
 * Checks the whole journal, also while the daemon writes it.
 * @throws OperatingError KAIMON_JOURNAL_MISSING, KAIMON_FILE_READ
 */
export async function auditJournal(disk: JournalDisk, options: AuditOptions = {}): Promise<AuditReport> {
  for (let attempt = 1; ; attempt++) {
    const report = await auditOnce(disk, options);
    if (report.ok || attempt >= TRIES_MAX) return report;
    const [head, checkpoint] = [await readMark(disk, HEAD_FILE), await readMark(disk, CHECKPOINT_FILE)];
    if (head?.hash === report.head?.hash && checkpoint?.hash === report.checkpoint?.hash) return report;
  }
}

/** One pass. The head is read first: the chain can only have grown since. */
async function auditOnce(disk: JournalDisk, { check, erasedBeside, seals }: AuditOptions): Promise<AuditReport> {
  const head = await readMark(disk, HEAD_FILE);
  const checkpoint = await readMark(disk, CHECKPOINT_FILE);
  const names = await segmentNames(disk);
  if (names.length === 0 && !head) throw missing(disk.folder);
  const audit = new JournalAudit(disk.folder, { head, checkpoint }, seals);
  let bytes = names[0] === undefined ? undefined : await disk.read(names[0]);
  for (const [index, name] of names.entries()) {
    const nextName = names[index + 1];
    const next = nextName === undefined ? undefined : await disk.read(nextName);
    audit.chain(name, bytes ?? Buffer.alloc(0), next && splitLines(next).lines[0]);
    // Personal fields are on the disk before their entry, so they are read after it.
    audit.personal(name, (await disk.read(personalName(name))) ?? Buffer.alloc(0));
    bytes = next;
  }
  return audit.report(check, erasedBeside);
}

/** Checks a journal whose segments are shown one after the other, each followed by its personal fields. */
export class JournalAudit {
  readonly #folder: string;
  readonly #marks: { readonly head: Mark | undefined; readonly checkpoint: Mark | undefined };
  readonly #faults = new FaultList();
  readonly #counts: AuditCounts;
  readonly #chain: ChainCheck;
  #segments = 0;

  /** @param seals how personal fields are opened that are sealed */
  constructor(
    folder: string,
    marks: { readonly head: Mark | undefined; readonly checkpoint: Mark | undefined },
    seals?: Lines,
  ) {
    this.#folder = folder;
    this.#marks = marks;
    const counts = new AuditCounts(marks.checkpoint?.n ?? 0, seals);
    this.#counts = counts;
    this.#chain = new ChainCheck(this.#faults, { ...marks, onEntry: (entry, place) => counts.entry(entry, place) });
  }

  /** The last entry that was shown. */
  get position(): Position {
    return this.#chain.position;
  }

  /** @param following the first line of the next segment, where it is at hand */
  chain(name: string, bytes: Buffer, following?: Buffer): void {
    this.#segments++;
    this.#chain.add(name, bytes, following);
  }

  personal(segment: string, bytes: Buffer): void {
    this.#counts.personal(segment, bytes);
  }

  /** To be called once, at the end. */
  report(check?: SignatureCheck, erasedBeside = 0): AuditReport {
    const [faults, counts, chain] = [this.#faults, this.#counts, this.#chain];
    const { head, checkpoint } = this.#marks;
    chain.finish();
    counts.finish(chain.position.n, erasedBeside);
    // An entry that was changed may not fit its personal fields either: that is no second fault.
    const reported = new Set(faults.all.map(({ n }) => n));
    for (const { kind, n, text, ...place } of counts.faults.all) if (!reported.has(n)) faults.add(kind, place, n, text);
    const signature = checkSignatures(faults, this.#marks, check);
    return {
      ok: faults.all.length === 0,
      folder: this.#folder,
      segments: this.#segments,
      entries: chain.entries,
      first: chain.first,
      last: chain.position.n,
      lastHash: chain.position.hash,
      head: head ?? null,
      checkpoint: checkpoint ?? null,
      signature,
      personal: { kept: counts.kept, erased: counts.absent, locked: counts.locked },
      notes: { ...counts.notes },
      seams: counts.seams,
      torn: chain.torn ?? null,
      faults: faults.all,
      moreFaults: faults.more,
    };
  }
}

export async function segmentNames(disk: JournalDisk): Promise<readonly string[]> {
  return (await disk.list()).map(({ name }) => name).filter((name) => firstOf(name) !== undefined);
}

export const missing = (folder: string): OperatingError =>
  new OperatingError(
    'KAIMON_JOURNAL_MISSING',
    `there is no journal in ${folder}: name the state folder with --state, and check that journal.enabled is true`,
  );

function checkSignatures(
  faults: FaultList,
  marks: { readonly head: Mark | undefined; readonly checkpoint: Mark | undefined },
  check: SignatureCheck | undefined,
): AuditReport['signature'] {
  if (!check) return marks.head?.signature === undefined ? 'none' : 'unchecked';
  let result: AuditReport['signature'] = 'valid';
  const files = [
    ['head', HEAD_FILE, marks.head],
    ['checkpoint', CHECKPOINT_FILE, marks.checkpoint],
  ] as const;
  for (const [kind, file, mark] of files) {
    const why = mark && signatureFault(kind, mark, check);
    if (why === undefined) continue;
    faults.add('mark', { file, line: 0 }, mark?.n ?? 0, why);
    result = 'invalid';
  }
  return result;
}
