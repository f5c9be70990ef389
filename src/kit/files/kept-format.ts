/** The file as an older version wrote it, kept beside the one that the first write in a newer format makes. */
import { promises as fs } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cannotWrite, keepCopy, syncFolder } from './atomic-file.js';
import { errnoOf } from './errno.js';

/** `people.json.format-1`. */
export const keptFormat = (file: string, format: number): string => `${file}.format-${format}`;

/** Whether it is the name of such a copy of the file `base`. */
export const isKeptFormat = (name: string, base: string): boolean =>
  name.startsWith(`${base}.format-`) && /^\d{1,9}$/.test(name.slice(base.length + '.format-'.length));

/**
 * Keeps the file at `path`, with its owner and mode, beside `file`. To be awaited before the first write in a newer format; a kill in between
 * leaves the old file, and one copy or none. Of each file one copy is kept, that of the latest older format.
 * @param path the file itself, or its last good copy where that was read
 * @param check asked right before the copy gets its name
 * @throws OperatingError KAIMON_FILE_WRITE
 */
export async function keepOldFormat(
  file: string,
  format: number,
  { path = file, check }: { readonly path?: string; readonly check?: (() => Promise<void>) | undefined } = {},
): Promise<void> {
  const kept = keptFormat(file, format);
  const folder = dirname(file);
  try {
    await keepCopy(path, kept, { beforeRename: check });
    await syncFolder(folder);
    const others = (await fs.readdir(folder)).filter((name) => isKeptFormat(name, basename(file)));
    for (const name of others) if (name !== basename(kept)) await fs.rm(join(folder, name), { force: true });
  } catch (cause) {
    throw errnoOf(cause) === undefined ? cause : cannotWrite(kept, cause);
  }
}
