import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readOpenFaceArrays } from '../../src/models/openface/cmu-files.js';
import { blobOf, folderOf, pinsOf } from './openface-cmu-files.js';
import { type Member, makeTarball } from './packages.js';

const files = {
  'bn1_b.csv': { text: '0.5,-0.25\n', shape: [2] },
  'conv1_w.csv': { text: '1,2,3,4,5,6\n', shape: [2, 3, 1, 1] },
  'dense_w.csv': { text: '7,8\n', shape: [1, 2] },
};
const pins = pinsOf(files);
const texts = Object.fromEntries(Object.entries(files).map(([file, { text }]) => [file, text]));

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
});
afterEach(() => rm(work, { recursive: true, force: true }));

const inRepository = (changed: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'Keras-OpenFace-master/README.md': 'about',
  ...Object.fromEntries(
    Object.entries({ ...texts, ...changed }).map(([file, text]) => [`Keras-OpenFace-master/weights/${file}`, text]),
  ),
});
const members = (paths: Readonly<Record<string, string>>): Member[] =>
  Object.entries(paths).map(([name, text]) => ({ name, text }));
const zipped = (paths: Readonly<Record<string, string>>, level: 0 | 6 = 6): Uint8Array => {
  const entries: Zippable = Object.fromEntries(
    Object.entries(paths).map(([path, text]) => [path, [strToU8(text), { level }]]),
  );
  return zipSync(entries);
};

async function kept(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(work, name);
  await writeFile(path, bytes);
  return path;
}

const sources: readonly [string, () => Promise<string>][] = [
  ['a folder', () => folderOf(join(work, 'here'), texts)],
  ['a copy of the repository', async () => join(await folderOf(join(work, 'repository/weights'), texts), '..')],
  ['the .zip that GitHub makes', () => kept('master.zip', zipped(inRepository()))],
  ['a .zip without compression', () => kept('plain.zip', zipped(texts, 0))],
  [
    'the .tar.gz that GitHub makes',
    () =>
      kept(
        'master.tar.gz',
        makeTarball([{ name: 'pax_global_header', text: 'x', type: 'g' }, ...members(inRepository())]),
      ),
  ],
  ['a .tar', () => kept('weights.tar', gunzipSync(makeTarball(members(texts))))],
];
test.each(sources)('the arrays are read from %s', async (_what, make) => {
  const arrays = await readOpenFaceArrays(await make(), pins);
  expect([...arrays]).toEqual([
    ['bn1_b', { shape: [2], data: new Float32Array([0.5, -0.25]) }],
    ['conv1_w', { shape: [2, 3, 1, 1], data: new Float32Array([1, 2, 3, 4, 5, 6]) }],
    ['dense_w', { shape: [1, 2], data: new Float32Array([7, 8]) }],
  ]);
});

const faulty: readonly [string, () => Promise<string>, string][] = [
  ['a folder without the files', () => folderOf(join(work, 'empty'), {}), "3 of OpenFace's 3 files"],
  [
    'a missing file',
    () => folderOf(work, { 'bn1_b.csv': texts['bn1_b.csv'] ?? '', 'dense_w.csv': '7,8\n' }),
    'conv1_w.csv is missing. Nothing was written. Get all of them unchanged from a test',
  ],
  [
    'one changed number',
    () => folderOf(work, { ...texts, 'dense_w.csv': '7,9\n' }),
    `dense_w.csv is not the original (git blob id ${blobOf('7,9\n')}, expected ${blobOf('7,8\n')})`,
  ],
  [
    "line ends of another system's",
    () => folderOf(work, { ...texts, 'dense_w.csv': '7,8\r\n' }),
    'a checkout that converts line ends changes every file',
  ],
  [
    'a file far too long',
    () => folderOf(work, { ...texts, 'bn1_b.csv': '1'.repeat(51) }),
    'bn1_b.csv has 51 bytes, at most 50 are expected',
  ],
  [
    'a folder in place of a file',
    async () => {
      await folderOf(work, { 'bn1_b.csv': '0.5,-0.25\n', 'dense_w.csv': '7,8\n' });
      await mkdir(join(work, 'conv1_w.csv'));
      return work;
    },
    'conv1_w.csv is no plain file',
  ],
  [
    'a link that leads nowhere',
    async () => {
      await folderOf(work, { 'bn1_b.csv': '0.5,-0.25\n', 'dense_w.csv': '7,8\n' });
      await symlink('conv1_w.csv', join(work, 'conv1_w.csv'));
      return work;
    },
    'conv1_w.csv cannot be read (ELOOP)',
  ],
  [
    'a file too long in a .zip',
    () => kept('bomb.zip', zipped(inRepository({ 'bn1_b.csv': '0'.repeat(1e6) }))),
    'bn1_b.csv has 1000000 bytes, at most 50 are expected',
  ],
  [
    'a file too long in a .tar.gz',
    () => kept('bomb.tgz', makeTarball(members(inRepository({ 'bn1_b.csv': '0'.repeat(1e6) })))),
    'bn1_b.csv has 1000000 bytes, at most 50 are expected',
  ],
  [
    'a file twice in an archive',
    () => kept('twice.zip', zipped({ ...inRepository(), 'old/bn1_b.csv': '0.5,-0.25\n' })),
    'bn1_b.csv is in the archive twice',
  ],
  [
    'a link in a .tar.gz',
    () => kept('link.tgz', makeTarball([...members(texts).slice(1), { name: 'bn1_b.csv', text: '', type: '2' }])),
    'bn1_b.csv is no plain file in the archive',
  ],
];
test.each(faulty)('%s is refused, and the message says which file and what to do', async (_what, make, message) => {
  const read = readOpenFaceArrays(await make(), pins);
  await expect(read).rejects.toMatchObject({ code: 'KAIMON_OPENFACE_FILES', trouble: 'input' });
  await expect(read).rejects.toThrow(message);
});

test('of many faulty files the first five are named and the others counted', async () => {
  const many = pinsOf(
    Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`a${i}.csv`, { text: '1\n', shape: [1] }])),
  );
  await expect(readOpenFaceArrays(work, many)).rejects.toThrow(
    /^8 of OpenFace's 8 files in .*: a0\.csv is missing; .*a4\.csv is missing; and 3 more\./,
  );
});

test('a pinned file that holds no numbers is refused as well', async () => {
  const odd = pinsOf({ 'bn1_b.csv': { text: '1,x\n', shape: [2] } });
  await folderOf(work, { 'bn1_b.csv': '1,x\n' });
  await expect(readOpenFaceArrays(work, odd)).rejects.toThrow('bn1_b.csv cannot be used: its number 2 is "x"');
});

describe('a source that cannot be read', () => {
  const broken: readonly [string, () => Promise<string>, string][] = [
    ['a path that is not there', async () => join(work, 'nothing'), 'ENOENT'],
    ['a text', () => kept('note.txt', Buffer.from('hello')), 'it is neither a .zip nor a .tar.gz nor a .tar'],
    ['an empty file', () => kept('empty.zip', Buffer.alloc(0)), 'it is neither a .zip nor a .tar.gz nor a .tar'],
    ['half a .zip', () => kept('half.zip', zipped(inRepository()).subarray(0, 200)), 'invalid zip data'],
    ['half a .tar.gz', () => kept('half.tgz', makeTarball(members(texts)).subarray(0, 60)), 'unexpected end of file'],
    [
      'half a .tar',
      () => kept('half.tar', gunzipSync(makeTarball(members(texts))).subarray(0, 515)),
      'ends inside bn1_b',
    ],
    ['a device', async () => '/dev/null', 'it is neither a folder nor a plain file'],
  ];
  test.each(broken)('%s: the message says what --from takes', async (_what, make, message) => {
    const read = readOpenFaceArrays(await make(), pins);
    await expect(read).rejects.toMatchObject({ code: 'KAIMON_OPENFACE_READ', trouble: 'input' });
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow('--from takes a folder with the CSV files, or a .zip, .tar.gz or .tar of it');
  });
});
