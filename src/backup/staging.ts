/** The files of a backup on their way into a state folder: each as this gate keeps it on the disk, and without what was erased here. */
import { basename, dirname, join } from 'node:path';
import { ERASED_FILE, erasedInArchive } from '../journal/archive/archives.js';
import { sealedAnew, withoutPeople } from '../journal/erasing.js';
import { FileDisk } from '../journal/file-disk.js';
import { journalLines } from '../journal/open-journal.js';
import { PERSONAL_FOLDER } from '../journal/segment.js';
import { cannotWrite } from '../kit/files/atomic-file.js';
import { breathing } from '../kit/files/breathing.js';
import { errnoOf } from '../kit/files/errno.js';
import { removeWiped } from '../kit/files/wipe.js';
import { type Chunks, isSealed } from '../kit/sealing/sealed-file.js';
import type { Vault } from '../kit/sealing/vault.js';
import { IN_SYNC_FILE } from '../site/sync/in-sync-file.js';
import { STAGED } from '../store/people-file.js';
import { PEOPLE_FILE } from '../stored/documents.js';
import { purposeOf } from '../stored/read-stored.js';
import { damaged } from './age-file.js';
import { EVIDENCE } from './contents.js';
import { makeOwnFolder, writeSynced } from './pending.js';
import { HELD_MAX } from './read-backup.js';

/** Files that become others before they go to the disk. */
const HELD: readonly string[] = [PEOPLE_FILE, 'passages.json', 'clock.json'];

/** These tell of nobody, and are not sealed. */
const PLAIN: readonly string[] = ['clock.json', IN_SYNC_FILE];

type Sink = (name: string, content: AsyncIterable<Buffer>) => Promise<void>;

/** For a first reading that writes nothing: the names of all files, and those that are to be merged. */
export function holding(): { readonly names: string[]; readonly held: Map<string, Buffer>; readonly sink: Sink } {
  const names: string[] = [];
  const held = new Map<string, Buffer>();
  const sink: Sink = async (name, content) => {
    names.push(name);
    if (HELD.includes(name)) held.set(name, await whole(name, content));
  };
  return { names, held, sink };
}

export interface StagingParts {
  readonly state: string;
  readonly vault: Vault;
  /** Ids of people whose entries do not come back. */
  readonly forget: ReadonlySet<string>;
  /** Only counts. */
  readonly dryRun: boolean;
}

/** The second reading. */
export class Staging {
  readonly #parts: StagingParts;
  /** Entries that do not come back, by the folder of their journal. */
  readonly #forgotten = new Map<string, number>();

  constructor(parts: StagingParts) {
    this.#parts = parts;
  }

  get forgotten(): number {
    return [...this.#forgotten.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Of those, the ones in the backup's own journal. */
  get forgottenInJournal(): number {
    return this.#forgotten.get('journal') ?? 0;
  }

  readonly sink: Sink = async (name, content) => {
    const { dryRun, vault } = this.#parts;
    if (HELD.includes(name)) return;
    if (basename(dirname(name)) === PERSONAL_FOLDER) {
      const bytes = await this.#personal(name, await whole(name, content));
      if (!dryRun) await this.#write(name, bytes);
    } else if (dryRun) return;
    else if (dirname(name) === EVIDENCE) {
      const bytes = await whole(name, content);
      // One that could not be opened where it comes from is in the backup as it was.
      await this.#write(name, isSealed(bytes) ? bytes : asBytes(vault.sealed(purposeOf(name), [bytes])));
    } else await this.#write(name, content);
  };

  /** One of the files that were held, as it shall be. */
  async add(name: string, text: string | Uint8Array): Promise<void> {
    const { vault } = this.#parts;
    await this.#write(name, PLAIN.includes(name) ? text : asBytes(vault.sealed(purposeOf(name), [text])));
  }

  /** Notes in journals that are archives here what does not come back; a journal that goes on has an entry for it. */
  async noteForgotten(goesOn: boolean): Promise<void> {
    for (const [folder, count] of this.#forgotten) {
      if (folder === 'journal' && goesOn) continue;
      const path = join(this.#parts.state, STAGED, folder);
      const entries = (await erasedInArchive(new FileDisk(path))) + count;
      await removeWiped(join(path, ERASED_FILE));
      await this.#write(join(folder, ERASED_FILE), `${JSON.stringify({ schema: 1, entries })}\n`);
    }
  }

  async #personal(name: string, bytes: Buffer): Promise<Buffer> {
    const { forget, vault } = this.#parts;
    const seals = journalLines(vault);
    const kept = await breathing(withoutPeople(bytes, forget, seals));
    const folder = dirname(dirname(name));
    if (kept.count > 0) this.#forgotten.set(folder, (this.#forgotten.get(folder) ?? 0) + kept.count);
    return (await breathing(sealedAnew(kept.bytes, seals))).bytes;
  }

  async #write(name: string, content: AsyncIterable<Uint8Array> | Uint8Array | string): Promise<void> {
    const { state } = this.#parts;
    const path = join(state, STAGED, name);
    try {
      await makeOwnFolder(dirname(path), state);
      await writeSynced(path, content);
    } catch (cause) {
      throw errnoOf(cause) === undefined ? cause : cannotWrite(path, cause);
    }
  }
}

async function whole(name: string, content: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of content) {
    bytes += part.length;
    if (bytes > HELD_MAX && name !== PEOPLE_FILE) throw damaged('the backup', `${name} is too large`);
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
}

async function* asBytes(chunks: Chunks): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
}
