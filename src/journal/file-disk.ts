/** The journal's folder on a real disk. */
import { constants, promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, OperatingError } from '../kit/errors.js';
import { ownLikeFolder, syncFolder, whyNotWritten, writeFileAtomic } from '../kit/files/atomic-file.js';
import { errnoOf } from '../kit/files/errno.js';
import { makeFolder } from '../kit/files/make-folder.js';
import { narrow } from '../kit/files/narrow.js';
import { readSettled } from '../kit/files/read-settled.js';
import { removeWiped } from '../kit/files/wipe.js';
import type { DiskFile, JournalDisk, Slice, StoredFile } from './disk.js';
import { FILE_BYTES_MAX, PERSONAL_FOLDER } from './segment.js';

/** Where the journal is in the state folder. */
export const journalFolder = (state: string): string => join(state, 'journal');

/** O_NOFOLLOW: an administrator's command must not write elsewhere because the owner of the folder put a link there. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

/** {@link JournalDisk} on the file system; what fails throws OperatingError KAIMON_FILE_READ or KAIMON_FILE_WRITE. */
export class FileDisk implements JournalDisk {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async prepare(): Promise<void> {
    const inner = join(this.folder, PERSONAL_FOLDER);
    try {
      await makeFolder(inner, 0o700);
      for (const folder of [this.folder, inner]) {
        await narrow(folder, 0o700);
        await syncFolder(dirname(folder));
      }
    } catch (cause) {
      throw failed('WRITE', `cannot make the journal's folder ${inner}`, cause);
    }
  }

  async list(): Promise<readonly StoredFile[]> {
    const inner = await this.#names(PERSONAL_FOLDER);
    const names = [...(await this.#names('')), ...inner.map((name) => `${PERSONAL_FOLDER}/${name}`)];
    const files: StoredFile[] = [];
    for (const name of names.sort()) {
      const stat = await fs.stat(this.#path(name)).catch((cause: unknown) => this.#absent(name, cause));
      if (stat?.isFile()) files.push({ name, bytes: stat.size });
    }
    return files;
  }

  async read(name: string, tail?: number): Promise<Buffer | undefined> {
    try {
      return await readSettled(this.#path(name), (handle) => readTail(handle, tail));
    } catch (cause) {
      return this.#absent(name, cause);
    }
  }

  async slice(name: string, from: number, length: number): Promise<Slice | undefined> {
    let size = 0;
    try {
      const bytes = await readSettled(this.#path(name), async (handle) => {
        size = (await handle.stat()).size;
        return readPart(handle, from, Math.max(0, Math.min(length, size - from)));
      });
      return { bytes, size };
    } catch (cause) {
      return this.#absent(name, cause);
    }
  }

  async open(name: string): Promise<DiskFile> {
    const path = this.#path(name);
    try {
      const handle = await fs.open(path, APPEND, 0o600);
      await handle.chmod(0o600);
      await ownLikeFolder(handle);
      await syncFolder(dirname(path));
      return new AppendedFile(handle, path);
    } catch (cause) {
      throw failed('WRITE', `cannot open ${path}`, cause);
    }
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(this.#path(name), [bytes], { wipe: isPersonal(name) });
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name);
    try {
      await (isPersonal(name) ? removeWiped(path) : fs.rm(path, { force: true }));
      await syncFolder(dirname(path));
    } catch (cause) {
      throw failed('WRITE', `cannot remove ${path}`, cause);
    }
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  async #names(folder: string): Promise<readonly string[]> {
    return (await fs.readdir(this.#path(folder)).catch((cause: unknown) => this.#absent(folder, cause))) ?? [];
  }

  #absent(name: string, cause: unknown): undefined {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw failed('READ', `cannot read ${this.#path(name)}`, cause);
  }
}

async function readTail(handle: fs.FileHandle, tail: number | undefined): Promise<Buffer> {
  const { size } = await handle.stat();
  const length = Math.min(size, tail ?? size);
  if (length > FILE_BYTES_MAX) throw new Error(`it has ${length} bytes, at most ${FILE_BYTES_MAX} are read`);
  return readPart(handle, size - length, length);
}

async function readPart(handle: fs.FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  // A file that is cut meanwhile ends early.
  for (let got = -1; got !== 0 && filled < length; filled += got)
    got = (await handle.read(bytes, filled, length - filled, from + filled)).bytesRead;
  return bytes.subarray(0, filled);
}

const isPersonal = (name: string): boolean => name.startsWith(`${PERSONAL_FOLDER}/`);

class AppendedFile implements DiskFile {
  readonly #handle: fs.FileHandle;
  readonly #path: string;

  constructor(handle: fs.FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  append(bytes: Uint8Array): Promise<void> {
    // writeFile loops until all is written; after a failure in between a part is there, which the next try cuts off.
    return this.#act(() => this.#handle.writeFile(bytes));
  }
  sync(): Promise<void> {
    return this.#act(() => this.#handle.datasync());
  }
  truncate(bytes: number): Promise<void> {
    return this.#act(async () => {
      // Never longer: the NUL bytes would hide that the file was shortened by hand.
      if ((await this.#handle.stat()).size > bytes) await this.#handle.truncate(bytes);
    });
  }
  close(): Promise<void> {
    return this.#act(() => this.#handle.close());
  }

  async #act(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      throw failed('WRITE', `cannot write ${this.#path}`, cause);
    }
  }
}

const failed = (what: 'READ' | 'WRITE', sentence: string, cause: unknown): OperatingError => {
  if (what === 'READ') return new OperatingError('KAIMON_FILE_READ', `${sentence}: ${messageOf(cause)}`, { cause });
  return new OperatingError('KAIMON_FILE_WRITE', `${sentence}: ${whyNotWritten(cause)}`, { cause });
};
