/** Restores a backup at a gate that does not run: the gate that it is of, or another one of the same site. */
import { randomBytes } from 'node:crypto';
import { existsSync, promises as fs } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { archiveFolder } from '../journal/archive/archives.js';
import { segmentNames } from '../journal/audit/audit.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import { HEAD_FILE } from '../journal/head.js';
import { JOURNAL_LOCK } from '../journal/open-journal.js';
import { readMark } from '../journal/recovery.js';
import { type Clock, iso, wallMs } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import { removeFolderWiped } from '../kit/files/wipe.js';
import { WriterLock } from '../kit/files/writer-lock.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import { IN_SYNC_FILE } from '../site/sync/in-sync-file.js';
import { lastGoodOf, STAGED } from '../store/people-file.js';
import { PEOPLE_LOCK } from '../store/people-options.js';
import { prepareFolder } from '../store/store-folder.js';
import { refuseNewerData } from '../stored/data-check.js';
import { PEOPLE_FILE } from '../stored/documents.js';
import { type BackupKey, damaged } from './age-file.js';
import type { SignatureKeys } from './manifest.js';
import { checkOrigin } from './origin.js';
import { commit, finish, finishInterrupted, makeOwnFolder, type RestorePlan } from './pending.js';
import { type BackupReport, type ReadOptions, readBackup } from './read-backup.js';
import { mergedState, type RestoredPeople, restoredPeople } from './restored-state.js';
import { holding, Staging } from './staging.js';

export interface RestoreOptions extends SignatureKeys {
  /** The state folder. */
  readonly state: string;
  /** How this gate keeps people on the disk. */
  readonly vault: Vault;
  readonly config: Config;
  readonly key: BackupKey;
  /** The backup, where it is open already. */
  readonly handle?: fs.FileHandle | undefined;
  /** Takes a backup that is not signed, or whose signature cannot be checked. */
  readonly unsigned: boolean;
  /** Keeps people and journal that are there aside, in place of refusing. */
  readonly replace: boolean;
  /** Reads and checks all, and changes nothing. */
  readonly dryRun: boolean;
  /** The encoder in use; null where it is not known. */
  readonly encoder: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Restored {
  readonly report: BackupReport;
  /** The backup is of this gate: its journal goes on. */
  readonly sameGate: boolean;
  readonly people: RestoredPeople;
  /** The folder in `journal-archive` of the journal that came along or was replaced; null: there was none. */
  readonly archive: string | null;
  /** Entries of the backup's journals that tell of people who were removed here since: these fields stay erased. */
  readonly forgotten: number;
  readonly warnings: readonly string[];
  /** What went to its place. */
  readonly restored: readonly string[];
  readonly done: boolean;
}

/**
 * @throws OperatingError KAIMON_BACKUP_KEY, KAIMON_BACKUP_DAMAGED, KAIMON_BACKUP_SIGNATURE, KAIMON_BACKUP_SITE, KAIMON_RESTORE_EXISTS,
 *   KAIMON_PEOPLE_LOCKED, KAIMON_JOURNAL_LOCKED, KAIMON_DATA_NEWER, KAIMON_FILE_READ: nothing was changed; KAIMON_FILE_WRITE: the same, or the
 *   restore is finished by the next one or the next start of the daemon
 */
export async function restoreBackup(file: string, options: RestoreOptions): Promise<Restored> {
  const { state, vault, config, clock, log, dryRun } = options;
  await refuseNewerData(state, { vault });
  if (dryRun) return prepare(file, options);
  await prepareFolder(join(state, PEOPLE_FILE), log);
  await finishInterrupted(state, { journal: config.journal, clock, log });
  const lock = await WriterLock.take(join(state, `${PEOPLE_FILE}.lock`), log, PEOPLE_LOCK);
  try {
    await checkJournalFree(state, log);
    return await prepare(file, options);
  } finally {
    await clearStaged(state);
    await lock.release();
  }
}

/** A daemon that could not lock its people may write its journal all the same. */
async function checkJournalFree(state: string, log: Log): Promise<void> {
  if (!existsSync(journalFolder(state))) return;
  const lock = await WriterLock.take(join(journalFolder(state), 'lock'), log, JOURNAL_LOCK);
  await lock.release();
}

async function prepare(file: string, options: RestoreOptions): Promise<Restored> {
  const { state, vault, config, dryRun, encoder, replace, clock, log } = options;
  if (!dryRun && vault.fault) throw vault.fault;
  const now = clock.wall();
  const before = await restoredPeople(state, undefined, encoder, { vault, now });
  const exists = before.replaced !== null || existsSync(join(state, lastGoodOf(PEOPLE_FILE)));
  if (exists && !replace) throw stands('people');
  // First all of it is read and checked: nothing of a backup that is not taken comes to the disk.
  const { names, held, sink } = holding();
  const report = await read(file, sink, options);
  const sameGate = report.manifest.gate === config.gate;
  const ownHead = await ownEnd(state);
  if (sameGate && ownHead && !replace) throw stands('a journal');
  const people = await restoredPeople(state, held.get(PEOPLE_FILE), encoder, { vault, now });
  const archive = archiveOf(report, sameGate, ownHead !== undefined, clock);
  const madeMs = wallMs(Date.parse(report.manifest.time));
  const merged = await mergedState(state, held, { sameGate, now, madeMs });
  const staging = new Staging({ state, vault, forget: people.stayRemoved, dryRun });
  const restored = {
    report,
    sameGate,
    people,
    archive,
    warnings: [...(people.future ? [FUTURE] : []), ...merged.warnings],
  };
  if (!dryRun) {
    await clearStaged(state);
    await makeOwnFolder(join(state, STAGED), state);
  }
  if (!dryRun || people.stayRemoved.size > 0) {
    const again = await read(file, staging.sink, options);
    if (JSON.stringify(again.manifest) !== JSON.stringify(report.manifest))
      throw damaged(file, 'it was changed while it was read');
  }
  const { forgotten } = staging;
  if (dryRun) return { ...restored, forgotten, restored: names, done: false };
  if (people.text !== undefined) await staging.add(PEOPLE_FILE, people.text);
  for (const [name, text] of merged.files) await staging.add(name, text);
  await staging.noteForgotten(sameGate);
  const moves = await movesOf(state, { sameGate, archive, stamp: iso(now).replace(/[:.]/g, '-') });
  const entry = entryOf(report, { sameGate, archive, ownHead, people, erased: staging.forgottenInJournal });
  await commit(state, { schema: 1, moves, entry });
  await finish(state, { journal: config.journal, clock, log });
  const places = moves.flatMap(({ from, to }) => (from === null ? [] : [to]));
  return { ...restored, forgotten, restored: places, done: true };
}

const FUTURE =
  'people of the backup have versions of a time that is still to come: until then changes at other gates may not reach them; is the clock here right?';

/** Reads all of it, and refuses one that this gate may not take. */
async function read(file: string, sink: ReadOptions['sink'], options: RestoreOptions): Promise<BackupReport> {
  const { key, handle, check, ownCheck } = options;
  const report = await readBackup(file, { key, handle, check, ownCheck, sink });
  checkOrigin(file, report, options);
  return report;
}

const stands = (what: string) =>
  new OperatingError(
    'KAIMON_RESTORE_EXISTS',
    `${what === 'people' ? 'there are people' : 'there is a journal'} at this gate already: with --replace what is there is kept aside. Nothing was changed`,
  );

async function clearStaged(state: string): Promise<void> {
  // What cannot be removed is removed by the next restore.
  await removeFolderWiped(join(state, STAGED)).catch(() => undefined);
}

/** How far the gate's own journal goes, by its head; undefined where there is none. */
async function ownEnd(state: string): Promise<{ readonly n: number; readonly hash: string } | undefined> {
  const disk = new FileDisk(journalFolder(state));
  const head = await readMark(disk, HEAD_FILE);
  if (head) return { n: head.n, hash: head.hash };
  return (await segmentNames(disk)).length > 0 ? { n: 0, hash: '' } : undefined;
}

/** The name of the archive that comes to be: the journal of another gate, or the one that is replaced. */
function archiveOf({ manifest }: BackupReport, sameGate: boolean, own: boolean, clock: Clock): string | null {
  const stamp = iso(clock.wall()).slice(0, 19).replace(/[:.T]/g, '-');
  // Without a journal in the backup this gate's own stays where it is.
  if (!manifest.journal) return null;
  if (sameGate) return own ? `replaced-${stamp}` : null;
  return `gate-${manifest.gate}-${manifest.journal.n}-${stamp}`;
}

/** Everything that was staged goes to its place; what a gate has of its own besides people and journal stays. */
async function movesOf(
  state: string,
  { sameGate, archive, stamp }: { readonly sameGate: boolean; readonly archive: string | null; readonly stamp: string },
): Promise<RestorePlan['moves']> {
  const staged = await fs.readdir(join(state, STAGED));
  const inner = async (folder: string) =>
    (await fs.readdir(join(state, STAGED, folder))).map((name) => `${folder}/${name}`);
  const moves: RestorePlan['moves'] = [];
  const place = (from: string, to = from) => {
    if (!existsSync(join(state, to))) moves.push({ from, to, aside: null });
  };
  for (const name of staged) {
    if (name === PEOPLE_FILE) {
      for (const old of [PEOPLE_FILE, lastGoodOf(PEOPLE_FILE)])
        moves.push({ from: old === name ? name : null, to: old, aside: `${old}.replaced-${stamp}` });
    } else if (name === 'journal') {
      if (sameGate) moves.push({ from: name, to: name, aside: archive && relativeArchive(archive) });
      else if (archive !== null) moves.push({ from: name, to: relativeArchive(archive), aside: null });
    } else if (name === 'clock.json' || name === IN_SYNC_FILE) moves.push({ from: name, to: name, aside: null });
    else if (name === 'kaimon.yaml') moves.push({ from: name, to: 'kaimon.yaml.restored', aside: null });
    else if (name === 'evidence' || name === 'journal-archive') for (const file of await inner(name)) place(file);
    else if (name !== 'door-mode.json' || sameGate) place(name);
  }
  return moves;
}

const relativeArchive = (name: string): string => archiveFolder('', name).replace(/^\//, '');

/** The fields of the entry that marks the seam. */
function entryOf(
  { manifest, signature }: BackupReport,
  {
    sameGate,
    archive,
    ownHead,
    people,
    erased,
  }: {
    readonly sameGate: boolean;
    readonly archive: string | null;
    readonly ownHead: { readonly n: number; readonly hash: string } | undefined;
    readonly people: RestoredPeople;
    readonly erased: number;
  },
): RestorePlan['entry'] {
  const last = { n: manifest.journal?.n ?? 0, hash: manifest.journal?.hash ?? '' };
  const archived = archive === null ? undefined : sameGate ? ownHead : last;
  return {
    id: randomBytes(8).toString('hex'),
    gate: manifest.gate,
    backup: manifest.time,
    continues: sameGate && manifest.journal !== null,
    lastN: last.n,
    lastHash: last.hash,
    ...(archive !== null && { archive, archivedN: archived?.n ?? 0, archivedHash: archived?.hash ?? '' }),
    signed: signature.result === 'valid',
    ...(sameGate && erased > 0 && { erased }),
    people: people.enrolled,
    removals: people.removed,
  };
}
