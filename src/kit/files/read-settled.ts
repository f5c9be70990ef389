import { promises as fs } from 'node:fs';

/** A file that is replaced so often while it is read is taken as it was read last. */
const TRIES_MAX = 4;

/**
 * Reads a file that another process may replace and overwrite meanwhile: where it has lost its name by the end, what was read may be half
 * overwritten, and it is read again (by its name: what has the name now is newer still). @param read what is read of it @throws Error of the file system
 */
export async function readSettled(
  path: string,
  read: (handle: fs.FileHandle) => Promise<Buffer> = () => fs.readFile(path),
): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    const handle = await fs.open(path, 'r');
    try {
      const bytes = await read(handle);
      if (attempt >= TRIES_MAX || (await handle.stat()).nlink > 0) return bytes;
    } finally {
      await handle.close();
    }
  }
}
