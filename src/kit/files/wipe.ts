/** Overwriting what a file held before it goes. On flash and on file systems that copy on write the old blocks may stay all the same. */
import { constants, existsSync, promises as fs } from 'node:fs';
import { isSealed } from '../sealing/sealed-file.js';
import { errnoOf } from './errno.js';

const ZEROS = Buffer.alloc(256 * 1024);
/** Never through a link, and never waiting for a pipe. */
const FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that is about to lose its names. */
export type Doomed = fs.FileHandle;

/** Opens those of the files that are there, to be given to {@link wipeGone}. @throws Error of the file system */
export async function openDoomed(paths: readonly string[]): Promise<Doomed[]> {
  const opened: Doomed[] = [];
  for (const path of paths) {
    const handle = await fs.open(path, FLAGS).catch((thrown: unknown) => {
      // A link, a folder or a device holds nothing of ours.
      if (['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO'].includes(errnoOf(thrown) ?? '')) return undefined;
      throw thrown;
    });
    if (handle) opened.push(handle);
  }
  return opened;
}

/** Overwrites those that have no name any more, unless they are sealed, and closes all. @throws Error of the file system */
export async function wipeGone(doomed: readonly Doomed[], onProgress?: () => void): Promise<void> {
  try {
    for (const handle of doomed) {
      const stat = await handle.stat();
      if (stat.nlink === 0 && stat.isFile()) await overwrite(handle, stat.size, onProgress);
    }
  } finally {
    for (const handle of doomed) await handle.close();
  }
}

/** Removes a file, if it is there, and overwrites what it held. @throws Error of the file system */
export async function removeWiped(path: string, onProgress?: () => void): Promise<void> {
  const doomed = await openDoomed([path]);
  try {
    await fs.rm(path, { force: true });
  } finally {
    await wipeGone(doomed, onProgress);
  }
}

/** No file can be added so often between two looks. */
const TRIES_MAX = 3;

/** As {@link removeWiped}, for a folder and all that is below it. A link is removed, and never followed. @throws Error of the file system */
export async function removeFolderWiped(folder: string, onProgress?: () => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const handle = await openFolder(folder);
    if (!handle) return removeWiped(folder, onProgress);
    try {
      // By its number, not by its name: whoever owns the folder above may put a link in its place meanwhile.
      const inside = existsSync(NUMBERS) ? `${NUMBERS}/${handle.fd}` : folder;
      for (const entry of await fs.readdir(inside, { withFileTypes: true })) {
        const path = `${inside}/${entry.name}`;
        await (entry.isDirectory() ? removeFolderWiped(path, onProgress) : removeWiped(path, onProgress));
      }
    } finally {
      await handle.close();
    }
    try {
      await fs.rmdir(folder);
      return;
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return;
      if (errnoOf(thrown) !== 'ENOTEMPTY' || attempt >= TRIES_MAX) throw thrown;
    }
  }
}

/** Linux has each open file there. */
const NUMBERS = '/proc/self/fd';

/** Undefined: there is no folder of that name. */
const openFolder = (path: string): Promise<fs.FileHandle | undefined> =>
  fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch((thrown: unknown) => {
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(errnoOf(thrown) ?? '')) return undefined;
    throw thrown;
  });

async function overwrite(handle: Doomed, size: number, onProgress?: () => void): Promise<void> {
  const start = Buffer.alloc(16);
  const { bytesRead } = await handle.read(start, 0, start.length, 0);
  if (isSealed(start.subarray(0, bytesRead))) return;
  for (let at = 0; at < size; at += ZEROS.length) {
    await handle.write(ZEROS, 0, Math.min(ZEROS.length, size - at), at);
    onProgress?.();
  }
  await handle.datasync();
}
