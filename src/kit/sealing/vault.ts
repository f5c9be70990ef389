import { randomBytes, randomFillSync } from 'node:crypto';
import { OperatingError } from '../errors.js';
import { NewerFormat, newerFile } from '../files/format.js';
import { KEY_BYTES, makeSealKey, type SealKey } from './seal-key.js';
import { type Chunks, keyIdOf, SEAL_VERSION, seal, sealVersionOf, unseal, unsealStart } from './sealed-file.js';
import { LineSeal } from './sealed-line.js';

/** What a file holds, and whether it should be written anew because it is not sealed as it should be. */
export interface Opened {
  readonly bytes: Buffer;
  readonly stale: boolean;
}

/**
 * How what tells of people is kept on the disk: sealed with a key, plain, or not at all while the key that is asked for cannot be had.
 * Whatever way, a file of the other kind is known as such: a plain one is read, a sealed one without its key is never taken for damaged.
 */
export class Vault {
  /** The key that new files are sealed with; undefined: they are plain. */
  #key: SealKey | undefined;
  #known: readonly SealKey[];
  #why: OperatingError | undefined;
  #refusesPlain = false;
  /** By purpose: their keys are to be forgotten, too. */
  readonly #lines = new Map<string, LineKeys>();

  private constructor(key: SealKey | undefined, known: readonly SealKey[], why?: OperatingError) {
    this.#key = key;
    this.#known = known;
    this.#why = why;
  }

  /** Nothing is sealed. @param known keys of files that were sealed until now, to be read */
  static plain(known: readonly SealKey[] = []): Vault {
    return new Vault(undefined, known);
  }

  /** @param older keys of files that are still to be sealed anew */
  static sealing(key: SealKey, older: readonly SealKey[] = []): Vault {
    return new Vault(key, [key, ...older]);
  }

  /** A key is asked for and cannot be had: plain files can be read, nothing is written. */
  static locked(why: OperatingError): Vault {
    return new Vault(keyOfNobody(), [], why);
  }

  /** The same, that takes no plain people and passages for its own: whoever can write the state folder could have put them there. */
  refusingPlain(): Vault {
    const vault = this.acceptingPlain();
    vault.#refusesPlain = true;
    return vault;
  }

  /** The same, that takes plain ones, too: for who asks for it by hand. */
  acceptingPlain(): Vault {
    return new Vault(this.#key, this.#known, this.#why);
  }

  /** Whether people are to be sealed here. */
  get seals(): boolean {
    return this.#key !== undefined;
  }

  /** Why nothing can be sealed; undefined when all is well. */
  get fault(): OperatingError | undefined {
    return this.#why;
  }

  /** The id of the key that is written with; undefined where nothing is sealed, or cannot be. */
  get keyId(): string | undefined {
    return this.#why ? undefined : this.#key?.id;
  }

  /**
   * What is to be written in place of `chunks`.
   * @throws OperatingError KAIMON_SEAL_KEY where the key is missing; also while it is read, where the key is forgotten meanwhile
   */
  sealed(purpose: string, chunks: Chunks): Chunks {
    if (this.#why) throw this.#why;
    return this.#key ? this.#whileKnown(seal(chunks, this.#key, purpose)) : chunks;
  }

  async *#whileKnown(sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    for await (const chunk of sealed) {
      if (this.#why) throw this.#why;
      yield chunk;
    }
  }

  /**
   * The content of a file, sealed or plain.
   * @throws OperatingError KAIMON_SEAL_KEY where its key is not known or it must not be plain, KAIMON_DATA_NEWER where a newer Kaimon sealed it: the file may be
   *   well; DamagedSeal where it is not
   */
  async opened(purpose: string, bytes: Buffer, path: string): Promise<Opened> {
    const version = sealVersionOf(bytes);
    if (version === undefined && this.#refusesPlain && NEVER_PLAIN.has(purpose) && maybeJson(bytes))
      throw new OperatingError(
        'KAIMON_SEAL_KEY',
        `${path} is plain although this gate seals (storage.refusePlain): if you put it there, \`kaimon seal now\` with the gate stopped; if not, somebody else did`,
      );
    if (version === undefined) return { bytes, stale: this.seals && this.#why === undefined };
    const key = this.#keyOf(bytes, version, path);
    return { bytes: await unseal(bytes, key, purpose), stale: key !== this.#key };
  }

  /**
   * The beginning of a file, plain or sealed. @param start its first {@link START_BYTES}
   * @throws OperatingError KAIMON_SEAL_KEY, KAIMON_DATA_NEWER; DamagedSeal
   */
  openedStart(purpose: string, start: Buffer, path: string): Buffer {
    const version = sealVersionOf(start);
    return version === undefined ? start : unsealStart(start, this.#keyOf(start, version, path), purpose);
  }

  #keyOf(bytes: Buffer, version: number, path: string): SealKey {
    if (version > SEAL_VERSION) throw newerFile(path, new NewerFormat(version, SEAL_VERSION));
    const id = keyIdOf(bytes);
    const key = this.#known.find((known) => known.id === id);
    if (!key) throw this.#missing(`${path} is sealed with the key ${id}`);
    return key;
  }

  /**
   * For a file that grows line by line. While the key is missing lines are sealed with one that nobody has: they are lost, and the file
   * goes on.
   */
  lines(purpose: string): Lines {
    const keys = this.#lines.get(purpose) ?? this.#lineKeys(purpose);
    this.#lines.set(purpose, keys);
    return {
      get write() {
        return keys.write;
      },
      known: (id) => keys.known.get(id),
    };
  }

  #lineKeys(purpose: string): LineKeys {
    return {
      write: this.#key && new LineSeal(this.#key, purpose),
      known: new Map(this.#known.map((key) => [key.id, new LineSeal(key, purpose)])),
    };
  }

  /** Forgets that there is a key: from now on nothing is sealed, and nothing written but lines that nobody can read. */
  lock(why: OperatingError): void {
    this.#why = why;
    // Not with zeros: whatever still seals with it must not do so with a key that everybody knows.
    for (const { secret } of this.#known) randomFillSync(secret);
    this.#known = [];
    this.#key &&= keyOfNobody();
    for (const [purpose, keys] of this.#lines) {
      for (const line of [keys.write, ...keys.known.values()]) line?.forget();
      Object.assign(keys, this.#lineKeys(purpose));
    }
  }

  #missing(what: string): OperatingError {
    if (this.#why)
      return new OperatingError('KAIMON_SEAL_KEY', `${what}, and ${this.#why.message}`, { cause: this.#why });
    const known = this.#known.map(({ id }) => id).join(', ');
    const which = known === '' ? 'no key is given' : `the key given is ${known}`;
    const advice =
      'name the right one with storage.sealKeyFile, an older one with storage.oldSealKeyFiles, or by --seal-key FILE';
    return new OperatingError('KAIMON_SEAL_KEY', `${what}, but ${which}: ${advice}`);
  }
}

interface LineKeys {
  write: LineSeal | undefined;
  known: ReadonlyMap<string, LineSeal>;
}

/** What says who comes in; other plain files are sealed at the start. */
const NEVER_PLAIN: ReadonlySet<string> = new Set(['people', 'passages']);

/** Everything else is damaged, whoever has written it, and its reader falls back to what is whole. */
function maybeJson(bytes: Buffer): boolean {
  const blank = [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf];
  return bytes.find((byte) => !blank.includes(byte)) === 0x7b;
}

const keyOfNobody = (): SealKey => makeSealKey(randomBytes(KEY_BYTES));

/** Lines of files in which nothing is sealed. */
export const PLAIN_LINES = { write: undefined, known: () => undefined } as const;

/** Seals and opens the lines of a file. */
export interface Lines {
  /** Undefined: lines are written as they are. */
  readonly write: LineSeal | undefined;
  /** By the id of the key. */
  readonly known: (id: string) => LineSeal | undefined;
}
