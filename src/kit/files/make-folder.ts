import { existsSync, promises as fs, mkdirSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { errnoOf } from './atomic-file.js';

/**
 * Makes a folder and those above it. Node's own recursive mkdir says ENOENT, "no such file or directory", of a disk that is read-only; here the
 * error is what the disk really said. What root makes belongs to whom the folder above it belongs to: the daemon's own user could not enter it
 * otherwise.
 * @returns the first folder that was made; undefined where all were there
 * @throws Error of the file system
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  const made = await makeAll(path, mode);
  if (made !== undefined && process.getuid?.() === 0) await ownLikeAbove(resolve(made), resolve(path));
  return made;
}

async function ownLikeAbove(first: string, last: string): Promise<void> {
  const { uid, gid } = await fs.stat(dirname(first));
  if (uid === 0) return;
  const all = [first];
  for (const name of relative(first, last).split(sep)) if (name !== '') all.push(`${all.at(-1)}${sep}${name}`);
  for (const folder of all) await fs.chown(folder, uid, gid);
}

async function makeAll(path: string, mode?: number): Promise<string | undefined> {
  try {
    return await fs.mkdir(path, { recursive: true, mode });
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
  const absent = absentAbove(path);
  for (const folder of absent)
    await fs.mkdir(folder, { mode }).catch((thrown: unknown) => {
      if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    });
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
