import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Paths, unitCache } from '../config/paths.js';
import type { Clock } from '../kit/clock.js';
import { cannotWrite } from '../kit/files/atomic-file.js';
import { Patience } from '../kit/files/patience.js';
import type { PeopleStore } from './people-store.js';

/** Damaged files that were set aside, files of an older format, and what a restore has replaced. */
const SET_ASIDE = /^(?:people|passages)\.json(?:\.last-good)?\.(?:corrupt|format|replaced)-/;

/**
 * Removes what still shows or names a removed person, apart from the journal: the last good copy of the people file, all files that
 * were set aside, and all spoken greetings (they are made again when needed).
 * @throws OperatingError KAIMON_FILE_WRITE: to be repeated; also where the disk hangs
 */
export async function eraseCopies(
  store: Pick<PeopleStore, 'rewrite'>,
  paths: Pick<Paths, 'state' | 'cache'>,
  clock: Clock,
): Promise<void> {
  await store.rewrite();
  const patience = new Patience(clock);
  await patience.wait(() => removeCopies(paths, patience.progress));
}

async function removeCopies({ state, cache }: Pick<Paths, 'state' | 'cache'>, onProgress: () => void): Promise<void> {
  const spoken = [cache, unitCache(state)].flatMap((folder) => (folder === undefined ? [] : [join(folder, 'voice')]));
  let path = state;
  try {
    const aside = (await readdir(state)).filter((name) => SET_ASIDE.test(name)).map((name) => join(state, name));
    for (path of [...aside, ...spoken]) {
      await rm(path, { force: true, recursive: true });
      onProgress();
    }
  } catch (thrown) {
    throw cannotWrite(path, thrown);
  }
}
