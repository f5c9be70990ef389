import { promises as fs } from 'node:fs';
import { basename } from 'node:path';
import type { z } from 'zod';
import { type Clock, iso, type Timer } from '../clock.js';
import { messageOf, OperatingError } from '../errors.js';
import type { Log } from '../log.js';
import { LOCAL_RETRY } from '../retry.js';
import { DamagedSeal } from '../sealing/sealed-file.js';
import type { Vault } from '../sealing/vault.js';
import { cannotWrite, removeStaleTemps, writeFileAtomic } from './atomic-file.js';
import { errnoOf } from './errno.js';
import { type DocumentFormat, migrated, NewerFormat, newerFile } from './format.js';
import { keepOldFormat } from './kept-format.js';
import { renewSealAnyway } from './renew-seal.js';
import { Saver } from './saver.js';

export interface StateFileOptions<T> {
  readonly file: string;
  /** What it holds, for the log. */
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** The formats of it; those of before are read, too. Default: the first one, with the number in `schema`. */
  readonly format?: DocumentFormat;
  /** What it means that the content is lost, for people: one clause. */
  readonly lost: string;
  /** Takes the sentence of a loss at the start; it is logged, too. */
  readonly warnings?: string[] | undefined;
  /** Taken where the file is missing. */
  readonly empty: T;
  /** Taken where it is there and cannot be used. Default: {@link empty} */
  readonly unusable?: T;
  /** It tells of people, so it is sealed where a key is there. */
  readonly sealed?: { readonly vault: Vault; readonly purpose: string };
  /** Changes within this time are written together; a kill may lose as much. */
  readonly delayMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was found at the start. */
interface Found<T> {
  readonly content: T;
  /** The format of the file, where that is an older one. */
  readonly older?: number | undefined;
}

/**
 * A small JSON document in the state folder that the gate can do without: a damaged one is set aside and logged, and the gate goes on
 * with an empty one. One of a later version is neither: it is not this version's to set aside, and the start is refused. It is written whole and fsynced; while the disk refuses, the content stays in memory and is tried again.
 */
export class StateFile<T> {
  /** The content at the start. */
  readonly found: T;
  readonly #options: StateFileOptions<T>;
  readonly #saver: Saver;
  #now: () => T;
  #timer: Timer | undefined;

  /** @param locked why the file could not be opened with the key that is there: it is never written over */
  private constructor(options: StateFileOptions<T>, { content, older }: Found<T>, locked?: OperatingError) {
    const { clock, log, name, file } = options;
    this.#options = options;
    this.found = content;
    this.#now = () => content;
    let old = older;
    const write = async () => {
      if (locked) throw locked;
      if (old !== undefined) await keepOldFormat(file, old);
      old = undefined;
      const text = [`${JSON.stringify(this.#now())}\n`];
      const { sealed } = options;
      await writeFileAtomic(file, sealed?.vault.sealed(sealed.purpose, text) ?? text, { wipe: sealed !== undefined });
    };
    this.#saver = new Saver({ name, write, clock, log, retry: LOCAL_RETRY });
  }

  /** @throws OperatingError KAIMON_FILE_READ where the file is there and cannot be read, KAIMON_FILE_WRITE, KAIMON_DATA_NEWER, KAIMON_SEAL_KEY */
  static async open<T>(options: StateFileOptions<T>): Promise<StateFile<T>> {
    const { file, sealed, log } = options;
    await removeStaleTemps(file);
    if (sealed) await renewSealAnyway(file, sealed.purpose, sealed.vault, log);
    return new StateFile(options, await read(options));
  }

  /**
   * As {@link open}, for a gate, which must start without what the file holds: what is wrong with the disk is only logged.
   * @throws OperatingError KAIMON_DATA_NEWER
   */
  static async openAnyway<T>(options: StateFileOptions<T>): Promise<StateFile<T>> {
    try {
      return await StateFile.open(options);
    } catch (thrown) {
      if (!(thrown instanceof OperatingError) || thrown.code === 'KAIMON_DATA_NEWER') throw thrown;
      if (thrown.code === 'KAIMON_SEAL_KEY') {
        options.log.error({ why: thrown.message }, `${options.name} locked: going on with nothing`);
        warn(options, 'left where it is');
        return new StateFile(options, { content: options.unusable ?? options.empty }, thrown);
      }
      return new StateFile(options, await readAnyway(options, thrown));
    }
  }

  /** Why the newest content is in memory only; undefined while all is saved. */
  get fault(): unknown {
    return this.#saver.fault;
  }

  /** Writes soon what `now` returns at that moment. */
  save(now: () => T): void {
    this.#now = now;
    this.#timer ??= this.#options.clock.after(this.#options.delayMs, () => this.#write());
  }

  /** Writes at once what `now` returns. Resolves when it is on the disk; rejects with the error of the disk. */
  saveNow(now: () => T): Promise<void> {
    this.#now = now;
    return this.#saver.save();
  }

  /** Writes what still waits, for at most `leftMs`; a failure is only logged. */
  async close(leftMs?: number): Promise<void> {
    const due = this.#timer !== undefined;
    this.#timer?.cancel();
    if (due) this.#write();
    try {
      await this.#saver.close(leftMs);
    } catch (thrown) {
      this.#options.log.error({ why: messageOf(thrown) }, `the newest of ${this.#options.name} is lost`);
    }
  }

  #write(): void {
    this.#timer = undefined;
    // A failure is logged and tried again by the saver.
    this.#saver.save().catch(() => undefined);
  }
}

async function read<T>(options: StateFileOptions<T>): Promise<Found<T>> {
  const { file, empty } = options;
  let bytes: Buffer;
  try {
    bytes = await fs.readFile(file);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return { content: empty };
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  const data = await contentOf(bytes, options);
  if (data !== undefined) return data;
  await setAside(options, 'damaged');
  return { content: options.unusable ?? empty };
}

/** On a disk that cannot be written a file may be whole all the same. What cannot even be read is moved out of the way. */
async function readAnyway<T>(options: StateFileOptions<T>, why: OperatingError): Promise<Found<T>> {
  const { file, name, empty, log } = options;
  let missing = false;
  const bytes = await fs.readFile(file).catch((thrown: unknown) => {
    missing = errnoOf(thrown) === 'ENOENT';
    return Buffer.alloc(0);
  });
  const data = await contentOf(bytes, options);
  if (data !== undefined) {
    log.error({ file, why: why.message }, `${name} will not be saved`);
    return data;
  }
  if (missing) return { content: empty };
  await setAside(options, `unusable (${why.message})`).catch((also: unknown) => {
    log.error({ file, why: messageOf(also) }, `${name} unusable: going on with nothing`);
    warn(options, 'left where it is');
  });
  return { content: options.unusable ?? empty };
}

/** @throws OperatingError KAIMON_FILE_WRITE */
async function setAside<T>(options: StateFileOptions<T>, how: string): Promise<void> {
  const { file, name, clock, log } = options;
  const aside = `${file}.corrupt-${iso(clock.wall()).replace(/[:.]/g, '-')}`;
  try {
    await fs.rename(file, aside);
  } catch (cause) {
    throw cannotWrite(aside, cause);
  }
  log.error({ file, aside }, `${name} ${how}: set aside, going on with nothing`);
  warn(options, `set aside as ${basename(aside)}`);
}

const warn = <T>({ file, lost, warnings }: StateFileOptions<T>, how: string): void => {
  const name = basename(file);
  warnings?.push(`${name.replace('.json', '')}-lost: ${name} could not be used at the start and was ${how}: ${lost}`);
};

/** @returns undefined where it is damaged @throws OperatingError KAIMON_DATA_NEWER, KAIMON_SEAL_KEY */
async function contentOf<T>(bytes: Buffer, options: StateFileOptions<T>): Promise<Found<T> | undefined> {
  const { file, name, schema, format, sealed } = options;
  try {
    const plain = sealed ? (await sealed.vault.opened(sealed.purpose, bytes, file)).bytes : bytes;
    const { document, older } = migrated(parsed(plain.toString('utf8')), format ?? { name, key: 'schema', steps: [] });
    const content = schema.safeParse(document).data;
    return content === undefined ? undefined : { content, older };
  } catch (thrown) {
    if (thrown instanceof DamagedSeal) return undefined;
    throw thrown instanceof NewerFormat ? newerFile(file, thrown) : thrown;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller sets the file aside and logs that.
    return undefined;
  }
}
