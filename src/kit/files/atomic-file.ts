import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, OperatingError } from '../errors.js';
import type { Chunks } from '../sealing/sealed-file.js';
import { errnoOf } from './errno.js';
import { openDoomed, removeWiped, wipeGone } from './wipe.js';

export interface AtomicWriteOptions {
  /** Permission bits of the new file, whatever the umask and the old file say. Default 0600. */
  readonly mode?: number;
  /** The owner of the new file. Default: this process, or with root the folder's owner. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Keep the replaced file under this path, in the same folder, as the last good copy. */
  readonly keepPrevious?: string;
  /** What is replaced tells of people: it is overwritten once no name leads to it any more, unless it is sealed. */
  readonly wipe?: boolean;
  /** Called each time that a part has reached the disk: a large file may take longer than any limit, one that hangs makes no progress. */
  readonly onProgress?: (() => void) | undefined;
  /** Asked right before each rename, for writing the new bytes may have taken long; what it throws leaves the files as they are. */
  readonly beforeRename?: (() => Promise<void>) | undefined;
}

/** Bytes after which a part is fsynced: at one megabyte a second, the slowest of memory cards, four seconds. */
const PART_BYTES = 4 * 1024 * 1024;

/**
 * Replaces `path` so that a reader, a crash or a power cut sees the old bytes or the new ones, never a mixture:
 * temporary file in the same folder, fsync, rename, fsync of the folder. Resolves when the new bytes are on the disk.
 * A symbolic link at `path` is replaced by a file.
 * @throws OperatingError KAIMON_FILE_WRITE when the surroundings refuse (disk full, read-only, permission, no folder);
 *   `path` then still holds the old bytes. What `chunks` or `beforeRename` throws is passed on unchanged.
 */
export async function writeFileAtomic(path: string, chunks: Chunks, options: AtomicWriteOptions = {}): Promise<void> {
  const temp = tempBeside(path);
  const { wipe, keepPrevious } = options;
  const remove = wipe ? removeWiped : (file: string) => fs.rm(file, { force: true });
  try {
    await writeSynced(temp, chunks, options.mode ?? 0o600, options);
    const doomed = wipe ? await openDoomed([path, ...(keepPrevious === undefined ? [] : [keepPrevious])]) : [];
    try {
      if (keepPrevious !== undefined) await keepCopy(path, keepPrevious, options);
      await options.beforeRename?.();
      await fs.rename(temp, path);
      await syncFolder(dirname(path));
    } finally {
      await wipeGone(doomed, options.onProgress);
    }
  } catch (cause) {
    // Only the first error is reported; a file that cannot be removed here is left to removeStaleTemps.
    await remove(temp).catch(() => undefined);
    throw errnoOf(cause) === undefined ? cause : cannotWrite(path, cause);
  }
}

/**
 * Removes temporary files that a killed writer left beside `path`. Only for the one writer of `path`.
 * @returns how many were removed; 0 when the folder does not exist
 */
export async function removeStaleTemps(path: string): Promise<number> {
  const start = `.${basename(path)}.`;
  let names: string[];
  try {
    names = await fs.readdir(dirname(path));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return 0;
    throw cannotWrite(path, cause);
  }
  const stale = names.filter((name) => name.startsWith(start) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(start.length)));
  try {
    for (const name of stale) await removeWiped(join(dirname(path), name));
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
  return stale.length;
}

/** A fresh name in the folder of `path` that {@link removeStaleTemps} recognises. */
export const tempBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);

async function writeSynced(
  temp: string,
  chunks: Chunks,
  mode: number,
  { onProgress, owner }: AtomicWriteOptions,
): Promise<void> {
  const handle = await fs.open(temp, 'wx', mode);
  try {
    await handle.chmod(mode);
    if (owner && process.getuid?.() === 0) await handle.chown(owner.uid, owner.gid);
    else await ownLikeFolder(handle);
    // Each write runs in the thread pool, so the event loop is free between two chunks.
    let unsynced = 0;
    for await (const chunk of chunks) {
      await handle.writeFile(chunk);
      unsynced += chunk.length;
      if (!onProgress || unsynced < PART_BYTES) continue;
      // Without this all of it would reach the disk in one fsync at the end, which says nothing before.
      await handle.datasync();
      unsynced = 0;
      onProgress();
    }
    await handle.sync();
    onProgress?.();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a new file to the owner of its folder, if this process is root's: a command that an administrator runs with sudo would
 * otherwise leave files that the daemon's own user cannot read. The folder is the one in which the file really lies: the path may lead elsewhere
 * by now, and a file in one of root's folders is not to be had by a link to it.
 */
export async function ownLikeFolder(handle: fs.FileHandle): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid: owner, nlink } = await handle.stat();
  // A second name may be that of any file.
  if (owner !== 0 || nlink > 1) return;
  const { uid, gid } = await fs.stat(dirname(await fs.readlink(`/proc/self/fd/${handle.fd}`)));
  if (uid !== 0) await handle.chown(uid, gid);
}

/** Makes `copy` a second name of the file that `path` names now. At every moment `copy` is a whole file, the old or the new one. */
export async function keepCopy(
  path: string,
  copy: string,
  { onProgress, beforeRename }: AtomicWriteOptions,
): Promise<void> {
  const temp = tempBeside(copy);
  try {
    await fs.link(path, temp);
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT') return;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(errno ?? '')) throw cause;
    // FAT and some network file systems have no hard links.
    await copySynced(path, temp, onProgress);
  }
  try {
    await beforeRename?.();
    await fs.rename(temp, copy);
  } catch (cause) {
    await fs.rm(temp, { force: true }).catch(() => undefined); // only the first error is reported
    throw cause;
  }
  // If both are names of the same file already (a kill between here and the caller's rename), rename(2) does nothing and keeps both.
  await fs.rm(temp, { force: true });
}

async function copySynced(from: string, to: string, onProgress?: () => void): Promise<void> {
  try {
    const source = await fs.open(from);
    try {
      const { mode, uid, gid } = await source.stat();
      const chunks = source.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 });
      await writeSynced(to, chunks, mode & 0o777, { onProgress, owner: { uid, gid } });
    } finally {
      await source.close();
    }
  } catch (cause) {
    await fs.rm(to, { force: true }).catch(() => undefined); // only the first error is reported
    throw cause;
  }
}

/** Makes names that were added to or taken from a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } catch (cause) {
    // Some network file systems have no fsync for folders: nothing more can be done there.
    if (errnoOf(cause) !== 'EINVAL') throw cause;
  } finally {
    await handle.close();
  }
}

const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: free some space',
  EFBIG: 'the file would exceed the size limit of the process or file system',
  EROFS: 'the file system is mounted read-only: remount it writable or choose another folder',
  EACCES: "permission denied: the folder must belong to Kaimon's user",
  EPERM: "permission denied: the folder must belong to Kaimon's user",
  ENOENT: 'the folder does not exist: create it',
  ENOTDIR: 'its folder is not a folder',
  EISDIR: 'there is a folder of that name: move it away',
  EIO: 'the disk reports an error: check it, and replace an SD card that does so twice',
};

/** The error for a `path` that could not be written or removed; it says what to do about it. */
export const cannotWrite = (path: string, cause: unknown): OperatingError =>
  new OperatingError('KAIMON_FILE_WRITE', `cannot write ${path}: ${whyNotWritten(cause)}`, { cause });

/** Why a file could not be written and what to do about it, as the end of a sentence. */
export const whyNotWritten = (cause: unknown): string => advice[errnoOf(cause) ?? ''] ?? messageOf(cause);
