import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { sealedFiles } from '../../src/cli/sealed-files.js';
import { silentLog as log } from '../../src/kit/log.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { renewPictures } from '../../src/report/attack-pictures.js';
import { tempFolder } from '../store/sample.js';

const PICTURE = '2026-11-24T08-00-00.000Z-track-1.jpg';
const TELLING = [
  'people.json',
  'people.json.last-good',
  'people.json.replaced-2026-11-29T10-00-00-000Z',
  'people.json.format-1-2026-11-29',
  'passages.json.corrupt-2026-11-29',
  `evidence/${PICTURE}`,
  `evidence/.${PICTURE}.0123456789ab.tmp`,
  'journal/personal/000000000001.jsonl',
  'journal-archive/gate-north-5/personal/000000000001.jsonl',
  'restore.staged/people.json',
  'restore.staged/journal/personal/000000000001.jsonl',
  'restore.finished/passages.json',
];

test('all that tells of people is listed, also what stands aside, archives, and the rest of a restore', async () => {
  const state = await tempFolder();
  for (const name of [...TELLING, 'clock.json', 'journal/000000000001.jsonl', 'restore.staged/kaimon.yaml']) {
    mkdirSync(dirname(join(state, name)), { recursive: true });
    writeFileSync(join(state, name), '{"n":1,"salt":"00","fields":{}}\n');
  }
  const listed = (await sealedFiles(state)).map(({ file, key }) => [relative(state, file), key]);
  expect(listed.sort()).toEqual(TELLING.map((name) => [name, null]).sort());
});

test('a picture that a killed process has begun goes at the next start', async () => {
  const folder = await tempFolder();
  const names = [`.${PICTURE}.0123456789ab.tmp`, '.other.jpg.0123456789ab.tmp', PICTURE];
  for (const name of names) writeFileSync(join(folder, name), 'x');
  await renewPictures(folder, Vault.plain(), log);
  expect(names.map((name) => existsSync(join(folder, name)))).toEqual([false, true, true]);
});
