import { promises as fs, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatingError } from '../../kit/errors.js';
import { cannotWrite, syncFolder } from '../../kit/files/atomic-file.js';
import { errnoOf } from '../../kit/files/errno.js';
import { makeFolder } from '../../kit/files/make-folder.js';
import type { Manifest, ModelOf } from '../manifest.js';
import { CMU_NAME } from '../openface/cmu-entry.js';

/** Of an encoder's name; a longer one would not fit into every template. */
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

export const nameFault = (message: string): OperatingError => new OperatingError('KAIMON_MODEL_NAME', message);

/** @throws OperatingError KAIMON_MODEL_NAME where an owner may not give a model this name */
export function assertFreeName(manifest: Manifest, name: string): void {
  if (!NAME.test(name))
    throw nameFault(
      `"${name.slice(0, 40)}" cannot be a name: 1 to 32 small letters, digits and hyphens, a letter or digit first, are allowed`,
    );
  const known = manifest.models.find((model) => model.name === name);
  if (known && known.source.kind !== 'owner')
    throw nameFault(`${name} is a network of the release: choose another name`);
  // manifest.json is the release's own file; the entry of the original OpenFace is made by its own command.
  if (name === 'manifest' || name === CMU_NAME)
    throw nameFault(`the name ${name} is kept for Kaimon itself: choose another one`);
}

/** An encoder that this installation added. @throws OperatingError KAIMON_MODEL_NAME where there is none of that name */
export function ownedEncoder(manifest: Manifest, name: string): ModelOf<'encoder'> {
  const owned = manifest.models.filter(
    (model): model is ModelOf<'encoder'> => model.source.kind === 'owner' && model.role === 'encoder',
  );
  const found = owned.find((model) => model.name === name);
  if (found) return found;
  const known = owned.map((model) => model.name).join(', ') || 'none';
  throw nameFault(
    `no encoder ${JSON.stringify(name.slice(0, 40))} was added here: added are ${known}; those of the release stay`,
  );
}

/** The file with the entry of an added model: as a rule NAME.json. @param folder that it lies in */
export function entryOnDisk(folder: string, name: string): string {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'manifest.json');
  const named = (file: string) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { name?: unknown }).name;
  return files.find((file) => named(file) === name) ?? `${name}.json`;
}

/** Makes the folder of added networks, which the daemon and its eye read as other users. @throws OperatingError KAIMON_FILE_WRITE */
export async function prepareNetworks(folder: string): Promise<void> {
  try {
    // A state folder that is not there yet is for the daemon alone.
    await makeFolder(dirname(folder), 0o700);
    // Made by a root whose umask is strict it would be closed to both.
    if ((await makeFolder(folder, 0o755)) !== undefined) await fs.chmod(folder, 0o755);
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
}

/**
 * Removes files of a folder for good; those that are not there are left out.
 * @throws OperatingError KAIMON_FILE_WRITE
 */
export async function removeForGood(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      await fs.rm(join(folder, file));
      await syncFolder(folder);
    } catch (cause) {
      if (errnoOf(cause) !== 'ENOENT') throw cannotWrite(join(folder, file), cause);
    }
  }
}

/** Files of an added name that no entry mentions: of an attempt that was killed, or replaced. */
export async function leftovers(folder: string, name: string, kept: readonly string[]): Promise<string[]> {
  const names = await fs.readdir(folder);
  return names.filter(
    (file) =>
      file.startsWith(`${name}-`) && /^[0-9a-f]{12}\.onnx$/.test(file.slice(name.length + 1)) && !kept.includes(file),
  );
}
