import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, promises as fs, mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeOwnFolder } from '../../../src/backup/pending.js';
import { FileDisk } from '../../../src/journal/file-disk.js';
import { ownLikeFolder } from '../../../src/kit/files/atomic-file.js';
import { makeFolder, makeFolderSync } from '../../../src/kit/files/make-folder.js';
import { narrow } from '../../../src/kit/files/narrow.js';
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

/** Somebody who owns a folder, and puts a link to another one wherever root makes something, as fast as he can. */
const RACER = `
import os, sys
folder, victim = sys.argv[1], sys.argv[2]
os.setgid(1234); os.setuid(1234)
n = 0
print('ready', flush=True)
while True:
    for made in (folder + '/journal', folder + '/journal/personal'):
        try:
            os.rename(made, folder + '/x%d' % n); n += 1
            os.symlink(victim, made)
        except OSError: pass
`;

test.skipIf(process.getuid?.() !== 0)(
  'whoever owns the folder above cannot have root give him another one',
  async () => {
    const [folder, victim] = [await tempFolder(), await tempFolder()];
    mkdirSync(join(victim, 'personal'));
    await fs.chown(folder, 1234, 1234);
    const racer = spawn('python3', ['-c', RACER, folder, victim], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(racer.stdout, 'data');
      for (let n = 0; n < 150; n++) {
        // Where the link came first it fails, or finds the folder there.
        await makeFolder(join(folder, 'journal', 'personal'), 0o700).catch(() => undefined);
        await makeOwnFolder(join(folder, 'journal', 'personal'), folder).catch(() => undefined);
        expect([(await fs.stat(victim)).uid, (await fs.stat(join(victim, 'personal'))).uid]).toEqual([0, 0]);
        // Not removed: that would follow the racer's links, too.
        await fs.rename(join(folder, 'journal'), join(folder, `old-${n}`)).catch(() => undefined);
      }
    } finally {
      racer.kill('SIGKILL');
      await once(racer, 'close');
    }
  },
  60_000,
);

test.skipIf(process.getuid?.() !== 0)(
  'root gives a file only to the owner of the folder it really lies in',
  async () => {
    const [theirs, ours] = [await tempFolder(), await tempFolder()];
    await fs.chown(theirs, 1234, 2345);
    await fs.symlink(ours, join(theirs, 'link'));
    const owner = async (path: string) => {
      const handle = await fs.open(path, 'a', 0o600);
      try {
        await ownLikeFolder(handle);
        return (await handle.stat()).uid;
      } finally {
        await handle.close();
      }
    };
    expect(await owner(join(theirs, 'new'))).toBe(1234);
    expect(await owner(join(theirs, 'link', 'new'))).toBe(0);
    writeFileSync(join(ours, 'secret'), '');
    await fs.link(join(ours, 'secret'), join(theirs, 'second-name'));
    expect(await owner(join(theirs, 'second-name'))).toBe(0);
  },
);

test.skipIf(process.getuid?.() !== 0)(
  'root narrows the mode of what is theirs, and of nothing a link leads to',
  async () => {
    const [theirs, ours] = [await tempFolder(), await tempFolder()];
    await fs.chown(theirs, 1234, 2345);
    await fs.chmod(ours, 0o755);
    await fs.symlink(ours, join(theirs, 'journal'));
    expect(await narrow(join(theirs, 'journal'), 0o700)).toBe(false);
    await new FileDisk(join(theirs, 'journal')).prepare();
    expect((await fs.stat(ours)).mode & 0o777).toBe(0o755);
    writeFileSync(join(theirs, 'people.json'), '', { mode: 0o644 });
    await fs.chown(join(theirs, 'people.json'), 1234, 2345);
    expect(await narrow(join(theirs, 'people.json'), 0o600)).toBe(true);
    expect((await fs.stat(join(theirs, 'people.json'))).mode & 0o777).toBe(0o600);
  },
);

test('a file in the way is named as that', async () => {
  const folder = await tempFolder();
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'other'));
  await expect(makeFolder(join(folder, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(() => makeFolderSync(join(folder, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }) as Error);
});
