import { constants, promises as fs } from 'node:fs';
import { dirname } from 'node:path';

/** Without O_NONBLOCK a named pipe would be waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Gives a file or folder this mode. Root's commands change only what belongs to the owner of the folder it is in: that one may put a link to any
 * other file there, and root must not shut that one for everybody.
 * @returns whether it has that mode now
 * @throws Error of the file system
 */
export async function narrow(path: string, mode: number): Promise<boolean> {
  const found = await fs.stat(path);
  // Before it is opened: the mere opening of a watchdog or a tape is felt.
  if (!found.isFile() && !found.isDirectory()) return false;
  const handle = await fs.open(path, FLAGS);
  try {
    const { uid } = await handle.stat();
    if (process.getuid?.() === 0 && uid !== (await fs.stat(dirname(path))).uid) return false;
    await handle.chmod(mode);
    return true;
  } finally {
    await handle.close();
  }
}
