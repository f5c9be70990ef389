import type { ModelOf } from '../manifest.js';
import { folderOf, loadManifest } from '../model-files.js';
import type { InUse } from './in-use.js';
import { entryOnDisk, leftovers, nameFault, ownedEncoder, removeForGood } from './owned.js';

/**
 * Removes an encoder that this installation added: its entry first, because Kaimon ignores a network without an entry. Templates
 * that it made stay with their people, where nothing compares them any more.
 * @throws OperatingError KAIMON_MODEL_NAME where it is in use or was not added here, KAIMON_FILE_WRITE
 */
export async function removeEncoder(
  { root, networks }: { readonly root: string; readonly networks: string | undefined },
  name: string,
  inUse: InUse,
): Promise<ModelOf<'encoder'>> {
  const model = ownedEncoder(loadManifest(root, networks), name);
  const user = inUse.get(name);
  if (user !== undefined)
    throw nameFault(
      `${name} is the encoder of ${user}: set "encoder:" to another one there and restart the gate first`,
    );
  const folder = folderOf(model, root);
  await removeForGood(folder, [entryOnDisk(folder, name), model.file, ...(await leftovers(folder, name, []))]);
  return model;
}
