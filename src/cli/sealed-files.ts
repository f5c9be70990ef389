/** Which files of a state folder tell of people, and with which key each is sealed. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { archiveFolder, archiveNames } from '../journal/archive/archives.js';
import { journalFolder } from '../journal/file-disk.js';
import { keyIdOf, SEAL_VERSION, sealVersionOf } from '../kit/sealing/sealed-file.js';
import { evidenceFolder } from '../report/attack-pictures.js';
import { FINISHED, PENDING, SET_ASIDE, STAGED } from '../store/people-file.js';

export interface SealedFile {
  readonly file: string;
  /** The id of the key, or that only a newer Kaimon can tell; null: plain. */
  readonly key: string | null;
}

const LIVE = /^(?:people|passages)\.json(?:\.last-good)?$/;

/** All of them, those that were set aside, archives, and what an interrupted restore has left. @throws Error of the file system */
export async function sealedFiles(state: string): Promise<readonly SealedFile[]> {
  const files: SealedFile[] = [];
  for (const folder of [state, ...[STAGED, PENDING, FINISHED].map((name) => join(state, name))])
    files.push(...(await filesIn(folder)));
  return files;
}

/** What was set aside of people and passages. */
export const setAside = (state: string): Promise<readonly string[]> => named(state, SET_ASIDE);

async function filesIn(folder: string): Promise<readonly SealedFile[]> {
  const whole = [
    ...(await named(folder, LIVE)),
    ...(await setAside(folder)),
    ...(await named(evidenceFolder(folder), /\.jpg(?:\.[0-9a-f]{12}\.tmp)?$/)),
  ];
  const files: SealedFile[] = [];
  for (const file of whole) {
    const bytes = await readFile(file);
    const version = sealVersionOf(bytes);
    const key = version === undefined ? null : version > SEAL_VERSION ? 'of a newer Kaimon' : keyIdOf(bytes);
    files.push({ file, key });
  }
  const journals = [
    journalFolder(folder),
    ...(await archiveNames(folder)).map((archive) => archiveFolder(folder, archive)),
  ];
  for (const journal of journals)
    for (const file of await named(join(journal, 'personal'), /^\d{12}\.jsonl$/)) files.push(...(await keysOf(file)));
  return files;
}

/** A line each is sealed: a file may have several keys. */
async function keysOf(file: string): Promise<readonly SealedFile[]> {
  const text = await readFile(file, 'latin1');
  const lines = text.matchAll(/^\{"n":\d+,(?:"key":"([0-9a-f]{16})"|"salt")/gm);
  return [...new Set([...lines].map(([, key]) => key ?? null))].map((key) => ({ file, key }));
}

const named = async (folder: string, wanted: RegExp): Promise<readonly string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => wanted.test(name)).map((name) => join(folder, name));
