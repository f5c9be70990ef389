import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Paths, unitCache } from '../config/paths.js';
import type { Clock } from '../kit/clock.js';
import { cannotWrite } from '../kit/files/atomic-file.js';
import { Patience } from '../kit/files/patience.js';
import { removeFolderWiped, removeWiped } from '../kit/files/wipe.js';
import { FINISHED, SET_ASIDE, STAGED } from './people-file.js';
import type { PeopleStore } from './people-store.js';

/**
 * Removes what still shows or names a removed person, apart from the journal: the last good copy of the people file, all files that
 * were set aside, what an interrupted restore has left, and all spoken greetings (they are made again when needed).
 * @throws OperatingError KAIMON_FILE_WRITE: to be repeated; also where the disk hangs
 */
export async function eraseCopies(
  store: Pick<PeopleStore, 'rewrite'>,
  paths: Pick<Paths, 'state' | 'cache' | 'run'>,
  clock: Clock,
): Promise<void> {
  await store.rewrite();
  const patience = new Patience(clock);
  await patience.wait(() => removeCopies(paths, patience.progress));
}

async function removeCopies(
  { state, cache, run }: Pick<Paths, 'state' | 'cache' | 'run'>,
  onProgress: () => void,
): Promise<void> {
  const spoken = [cache, unitCache(state), run].flatMap((folder) =>
    folder === undefined ? [] : [join(folder, 'voice')],
  );
  let path = state;
  try {
    const aside = (await readdir(state)).filter((name) => SET_ASIDE.test(name)).map((name) => join(state, name));
    for (path of aside) {
      await removeWiped(path, onProgress);
      onProgress();
    }
    // Nobody restores now: whoever does has the people locked.
    for (path of [join(state, STAGED), join(state, FINISHED), ...spoken]) await removeFolderWiped(path, onProgress);
  } catch (thrown) {
    throw cannotWrite(path, thrown);
  }
}
