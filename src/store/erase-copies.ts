import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Paths, unitCache } from '../config/paths.js';
import { cannotWrite } from '../kit/files/atomic-file.js';
import type { PeopleStore } from './people-store.js';

/** Damaged files that were set aside. */
const SET_ASIDE = /^(?:people|passages)\.json(?:\.last-good)?\.corrupt-/;

/**
 * Removes what still shows or names a removed person, apart from the journal: the last good copy of the people file, all files that
 * were set aside, and all spoken greetings (they are made again when needed).
 * @throws OperatingError KAIMON_FILE_WRITE: to be repeated
 */
export async function eraseCopies(
  store: Pick<PeopleStore, 'rewrite'>,
  { state, cache }: Pick<Paths, 'state' | 'cache'>,
): Promise<void> {
  await store.rewrite();
  const spoken = [cache, unitCache(state)].flatMap((folder) => (folder === undefined ? [] : [join(folder, 'voice')]));
  let path = state;
  try {
    const aside = (await readdir(state)).filter((name) => SET_ASIDE.test(name)).map((name) => join(state, name));
    for (path of [...aside, ...spoken]) await rm(path, { force: true, recursive: true });
  } catch (thrown) {
    throw cannotWrite(path, thrown);
  }
}
