import { existsSync, promises as fs, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoOf } from './atomic-file.js';

/**
 * Makes a folder and those above it. Node's own recursive mkdir says ENOENT, "no such file or directory", of a disk that is read-only; here the
 * error is what the disk really said.
 * @returns the first folder that was made; undefined where all were there
 * @throws Error of the file system
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
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
