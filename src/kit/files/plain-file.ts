import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/** Without it, opening a named pipe waits until somebody writes into it, which may be never. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file that a person named. Only a plain file is read: a named pipe would never end, and opening a device may do something.
 * @throws Error of the system, or one that says what it is or how large
 */
export async function readPlainFile(path: string, bytesMax: number): Promise<Buffer> {
  // Before it is opened too: the mere opening of a watchdog or a tape is felt.
  assertPlain(await stat(path), bytesMax);
  const handle = await openPlainFile(path, bytesMax);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/**
 * Opens a file for reading, and only a plain one. The caller closes it.
 * @param itself refuses a link
 * @throws Error of the system (ELOOP of a link), or one that says what it is or how large
 */
export async function openPlainFile(path: string, bytesMax: number, itself = false): Promise<FileHandle> {
  const handle = await open(path, itself ? FLAGS | constants.O_NOFOLLOW : FLAGS);
  try {
    assertPlain(await handle.stat(), bytesMax);
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** The same at once, for what is read at a start or by a command. */
export function readPlainFileSync(path: string, bytesMax: number): Buffer {
  assertPlain(statSync(path), bytesMax);
  const handle = openSync(path, FLAGS);
  try {
    assertPlain(fstatSync(handle), bytesMax);
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
}

interface Found {
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

function assertPlain(found: Found, bytesMax: number): void {
  if (found.isDirectory()) throw new Error('it is a folder, not a file');
  if (!found.isFile()) throw new Error('it is not a plain file but a device, pipe or socket');
  if (found.size > bytesMax) throw new Error(`it has ${found.size} bytes, at most ${bytesMax} are allowed`);
}
