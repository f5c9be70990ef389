import { promises as fs } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Adapter } from 'lowdb';
import { type Clock, iso } from '../kit/clock.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { cannotWrite, writeFileAtomic } from '../kit/files/atomic-file.js';
import { errnoOf } from '../kit/files/errno.js';
import { type DocumentFormat, NEWER_ADVICE, NewerFormat } from '../kit/files/format.js';
import { keepOldFormat } from '../kit/files/kept-format.js';
import { readSettled } from '../kit/files/read-settled.js';
import type { Log } from '../kit/log.js';
import { DamagedSeal } from '../kit/sealing/sealed-file.js';
import { Vault } from '../kit/sealing/vault.js';
import { documentChunks, PEOPLE_FORMAT, type PeopleDocument } from './people-document.js';
import { parsePeople } from './people-parser.js';
import { InvalidPeople } from './record.js';

/** What was found where the file, or its last good copy, should be. */
type Copy =
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'whole'; readonly document: PeopleDocument; readonly older?: number | undefined };

export interface PeopleFileOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: nothing is sealed. */
  readonly vault?: Vault | undefined;
  /** For a reader beside a running daemon: nothing is moved, repaired or written. */
  readonly readOnly?: boolean;
  /** The people are in memory, so the file is not needed to know them: where no copy of it can be read, all are set aside. */
  readonly known?: boolean;
  /** Called while a file is read or written, whenever a part of it is done. */
  readonly onProgress?: (() => void) | undefined;
  /** Throws when another process may write; asked right before the file is replaced. */
  readonly check?: (() => Promise<void>) | undefined;
  /** For tests of formats to come. */
  readonly format?: DocumentFormat;
}

/** Damaged files that were set aside, files of an older format, what a restore has replaced, and people of a gate that was away too long. */
export const SET_ASIDE = /^(?:people|passages)\.json(?:\.last-good)?\.(?:corrupt|format|replaced|absent)-/;

/** Folders of a restore in the state folder. Being filled: nothing has happened yet. */
export const STAGED = 'restore.staged';
/** Complete: to be finished before anything else is written. */
export const PENDING = 'restore.pending';
/** Finished: what is left in it goes. */
export const FINISHED = 'restore.finished';

const GOING_ON = 'people file damaged: set aside, going on with the people who are in memory';

/** What the file and its copies are sealed for. */
export const PEOPLE_PURPOSE = 'people';

export const lastGoodOf = (file: string): string => `${file}.last-good`;

/**
 * Stores people.json for lowdb, whose own adapter writes without fsync, keeps no copy, leaves mode 0644 and blocks the
 * event loop for the whole JSON. Reading falls back to the last good copy; a damaged file is set aside, never deleted.
 */
export class PeopleFileAdapter implements Adapter<PeopleDocument> {
  readonly #options: PeopleFileOptions;
  #recovered: string | undefined;
  /** What was read is of this older format, and is kept before the first write. */
  #older: { readonly path: string; readonly format: number } | undefined;

  constructor(options: PeopleFileOptions) {
    this.#options = options;
  }

  /** That the last good copy was read in place of the file, as a sentence for the state; undefined while that was not so. */
  get recovered(): string | undefined {
    return this.#recovered;
  }

  /**
   * @returns null when there is neither a file nor a last good copy: a new store.
   * @throws OperatingError KAIMON_PEOPLE_CORRUPT, KAIMON_PEOPLE_SCHEMA, KAIMON_FILE_READ, KAIMON_SEAL_KEY
   */
  async read(): Promise<PeopleDocument | null> {
    const { file, log } = this.#options;
    const current = await this.#read(file);
    if (current.kind === 'whole') return current.document;
    const previous = await this.#read(lastGoodOf(file));
    if (previous.kind === 'whole') return this.#recover(current, previous.document);
    if (current.kind === 'missing' && previous.kind === 'missing') return null;
    const copies = [describe(file, current), describe(lastGoodOf(file), previous)].join('; ');
    if (this.#options.known) {
      const damaged = [file, lastGoodOf(file)].filter((_path, i) => [current, previous][i]?.kind === 'damaged');
      for (const path of damaged) log.error({ aside: await this.#setAside(path), why: copies }, GOING_ON);
      return null;
    }
    log.error({ file }, 'people store unreadable, nothing was changed');
    throw new OperatingError(
      'KAIMON_PEOPLE_CORRUPT',
      `the people store cannot be read: ${copies}. Restore ${file} from a backup, or move both files away to start with nobody enrolled`,
    );
  }

  /** Resolves when the document is on the disk; what it replaces becomes the last good copy. @throws OperatingError */
  async write(document: PeopleDocument): Promise<void> {
    if (this.#options.readOnly) throw new Error('this people file was opened for reading');
    const { file, vault = Vault.plain(), onProgress, check } = this.#options;
    const keepPrevious = lastGoodOf(file);
    if (this.#older) await keepOldFormat(file, this.#older.format, { path: this.#older.path, check });
    this.#older = undefined;
    await writeFileAtomic(file, vault.sealed(PEOPLE_PURPOSE, documentChunks(document, this.#options.format)), {
      mode: 0o600,
      wipe: true,
      keepPrevious,
      onProgress,
      beforeRename: check,
    });
    onProgress?.();
  }

  async #read(path: string): Promise<Copy> {
    const copy = await readCopy(path, this.#options);
    this.#options.onProgress?.();
    if (copy.kind === 'whole') this.#older = copy.older === undefined ? undefined : { path, format: copy.older };
    return copy;
  }

  async #recover(current: Copy, document: PeopleDocument): Promise<PeopleDocument> {
    const { file, log, readOnly } = this.#options;
    const what = current.kind === 'damaged' ? 'damaged' : 'gone';
    this.#recovered = `the people file was ${what} at the start and its last good copy is used: the newest change may be missing, look through the people and start the gate again`;
    const fields = { file, people: document.people.size, why: current.kind === 'damaged' ? current.why : current.kind };
    if (readOnly) {
      log.error(fields, 'people file unusable, reading the last good copy; its newest changes may be missing');
      return document;
    }
    if (current.kind === 'damaged') {
      const aside = await this.#setAside(file);
      log.error({ ...fields, aside }, 'people file damaged: set aside, going on with the last good copy');
    } else log.error(fields, 'people file gone: going on with the last good copy');
    try {
      await this.write(document);
    } catch (thrown) {
      // The gate can work: the last good copy is still there, and the next change writes the file anyway.
      log.warn({ file, why: messageOf(thrown) }, 'the recovered people file could not be written yet');
    }
    return document;
  }

  /** @returns the new path */
  async #setAside(path: string): Promise<string> {
    const aside = `${path}.corrupt-${iso(this.#options.clock.wall()).replace(/[:.]/g, '-')}`;
    try {
      await fs.rename(path, aside);
    } catch (cause) {
      throw cannotWrite(aside, cause);
    }
    return aside;
  }
}

/** Moves the file and its last good copy away, as far as they are there: they are too old to go on with. @throws OperatingError KAIMON_FILE_WRITE */
export async function setAbsentAside(file: string, clock: Clock): Promise<void> {
  const when = iso(clock.wall()).replace(/[:.]/g, '-');
  for (const path of [file, lastGoodOf(file)]) {
    const aside = `${path}.absent-${when}`;
    await fs.rename(path, aside).catch((cause: unknown) => {
      if (errnoOf(cause) !== 'ENOENT') throw cannotWrite(aside, cause);
    });
  }
}

async function readCopy(
  path: string,
  {
    vault = Vault.plain(),
    onProgress,
    format = PEOPLE_FORMAT,
  }: Pick<PeopleFileOptions, 'vault' | 'onProgress' | 'format'>,
): Promise<Copy> {
  let bytes: Buffer;
  try {
    bytes = await readSettled(path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return { kind: 'missing' };
    throw new OperatingError(
      'KAIMON_FILE_READ',
      `cannot read ${path}: ${messageOf(cause)}; it must be a file that belongs to Kaimon's user`,
      { cause },
    );
  }
  try {
    const parser = parsePeople((await vault.opened(PEOPLE_PURPOSE, bytes, path)).bytes, format);
    for (;;) {
      const step = parser.next();
      if (step.done) return { kind: 'whole', ...step.value };
      onProgress?.();
      await breathe();
    }
  } catch (cause) {
    if (cause instanceof InvalidPeople || cause instanceof DamagedSeal) return { kind: 'damaged', why: cause.message };
    if (!(cause instanceof NewerFormat)) throw cause;
    throw new OperatingError(
      'KAIMON_PEOPLE_SCHEMA',
      `${path} was written by a newer Kaimon (${cause.message}): ${NEWER_ADVICE}. The file was left as it is`,
      { cause },
    );
  }
}

const describe = (path: string, copy: Copy): string =>
  `${path} is ${copy.kind === 'damaged' ? `damaged (${copy.why})` : copy.kind}`;
