import { constants, existsSync, promises as fs, mkdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { errnoOf } from './errno.js';

/** A folder itself, and never what a link leads to. */
const ITSELF = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Makes a folder and those above it. Node's own recursive mkdir says ENOENT, "no such file or directory", of a disk that is read-only; here the
 * error is what the disk really said. What root makes belongs to whom the folder above it belongs to: the daemon's own user could not enter it
 * otherwise.
 * @returns the first folder that was made; undefined where all were there
 * @throws Error of the file system
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  const absent = process.getuid?.() === 0 ? absentAbove(path) : [];
  if (absent[0] === undefined) return makeAll(path, mode);
  const above = await fs.open(dirname(absent[0]), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const { uid, gid } = await above.stat();
    // Where only root may write nobody comes in between.
    if (uid === 0) return await makeAll(path, mode);
    return (await makeInside(above, absent, { uid, gid, mode })) ? absent[0] : undefined;
  } finally {
    await above.close();
  }
}

interface Made {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number | undefined;
}

/**
 * Makes one folder in another and gives them away. Whoever owns the uppermost may put links in their place at any moment: each is made and opened
 * in the folder that is open already, as mkdirat(2) and openat(2) would, and only what is a folder and root's is given away.
 * @returns whether the first one was made
 */
async function makeInside(above: fs.FileHandle, folders: readonly string[], given: Made): Promise<boolean> {
  const [folder, ...inner] = folders;
  if (folder === undefined) return false;
  const place = `/proc/self/fd/${above.fd}/${basename(folder)}`;
  const made = await madeNow(place, given.mode);
  const handle = await fs.open(place, ITSELF);
  try {
    if (made && (await handle.stat()).uid === 0) await handle.chown(given.uid, given.gid);
    await makeInside(handle, inner, given);
  } finally {
    await handle.close();
  }
  return made;
}

/** Makes a folder. @returns false where another process was faster */
async function madeNow(path: string, mode: number | undefined): Promise<boolean> {
  try {
    await fs.mkdir(path, { mode });
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    return false;
  }
}

async function makeAll(path: string, mode?: number): Promise<string | undefined> {
  try {
    return await fs.mkdir(path, { recursive: true, mode });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
  const absent = absentAbove(path);
  for (const folder of absent) await madeNow(folder, mode);
  return absent[0];
}

/** As {@link makeFolder}, at once. */
export function makeFolderSync(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    return;
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
  for (const folder of absentAbove(path)) mkdirSync(folder);
}

/** The folders of a path that are not there, the uppermost first. */
function absentAbove(path: string): readonly string[] {
  const absent: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) absent.unshift(at);
  return absent;
}
