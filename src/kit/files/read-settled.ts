import { constants, promises as fs } from 'node:fs';
import { errnoOf } from './errno.js';

/** A file that is replaced so often while it is read is taken as it was read last. */
const TRIES_MAX = 4;

/** No link is followed: root reads here, too, what another user may have put there. A named pipe is not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a file of the state folder that another process may replace and overwrite meanwhile: where it has lost its name by the end, what was
 * read may be half overwritten, and it is read again (by its name: what has the name now is newer still).
 * @param read what is read of it @throws Error of the file system, or one that says what stands there in place of a file
 */
export async function readSettled(
  path: string,
  read: (handle: fs.FileHandle) => Promise<Buffer> = (handle) => handle.readFile(),
): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    const handle = await open(path);
    try {
      if (!(await handle.stat()).isFile()) throw new Error('it is not a plain file');
      const bytes = await read(handle);
      if (attempt >= TRIES_MAX || (await handle.stat()).nlink > 0) return bytes;
    } finally {
      await handle.close();
    }
  }
}

async function open(path: string): Promise<fs.FileHandle> {
  try {
    return await fs.open(path, FLAGS);
  } catch (cause) {
    if (errnoOf(cause) !== 'ELOOP') throw cause;
    throw new Error('it is a link, and none is followed here: put the file itself in its place', { cause });
  }
}
