import { spawnSync } from 'node:child_process';
import { existsSync, promises as fs, mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FileDisk } from '../../../src/journal/file-disk.js';
import { makeFolder, makeFolderSync } from '../../../src/kit/files/make-folder.js';
import { silentLog } from '../../../src/kit/log.js';
import { prepareFolder } from '../../../src/store/store-folder.js';
import { tempFolder } from '../../store/sample.js';

/** A disk that is read-only, where this machine lets somebody mount one. */
const disk = mkdtempSync(join(tmpdir(), 'kaimon-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=64k', 'tmpfs', disk]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [disk]);
  rmdirSync(disk);
});
const why = mounted ? '' : ' (nothing can be mounted here)';

test.skipIf(!mounted)(
  `on a read-only disk the error is that it is read-only, not that something is missing${why}`,
  async () => {
    const readOnly = expect.objectContaining({ code: 'EROFS' });
    for (const path of ['a', 'a/b/c']) {
      await expect(makeFolder(join(disk, path))).rejects.toEqual(readOnly);
      expect(() => makeFolderSync(join(disk, path))).toThrow(readOnly as Error);
    }
  },
);

test.skipIf(!mounted)(`the folders of people and journal say so in their sentences${why}`, async () => {
  const said = /mounted read-only: remount it writable/;
  await expect(prepareFolder(join(disk, 'state', 'people.json'), silentLog)).rejects.toThrow(said);
  await expect(new FileDisk(join(disk, 'state', 'journal')).prepare()).rejects.toThrow(said);
});

test('makes what is missing with its mode, and says what that was', async () => {
  const folder = await tempFolder();
  expect(await makeFolder(join(folder, 'a', 'b'), 0o700)).toBe(join(folder, 'a'));
  expect((await fs.stat(join(folder, 'a', 'b'))).mode & 0o777).toBe(0o700);
  expect(await makeFolder(join(folder, 'a', 'b'), 0o700)).toBeUndefined();
  makeFolderSync(join(folder, 'c', 'd'));
  expect(existsSync(join(folder, 'c', 'd'))).toBe(true);
});

test.skipIf(process.getuid?.() !== 0)('what root makes belongs to the owner of the folder above it', async () => {
  const folder = await tempFolder();
  await fs.chown(folder, 1234, 2345);
  await makeFolder(join(folder, 'a', 'b', 'c'));
  for (const made of ['a', 'a/b', 'a/b/c'])
    expect(await fs.stat(join(folder, made))).toMatchObject({ uid: 1234, gid: 2345 });
});

test('a file in the way is named as that', async () => {
  const folder = await tempFolder();
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'other'));
  await expect(makeFolder(join(folder, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(() => makeFolderSync(join(folder, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }) as Error);
});
