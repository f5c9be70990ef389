import { spawnSync } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomic } from '../../../src/kit/files/atomic-file.js';
import { readSettled } from '../../../src/kit/files/read-settled.js';
import { removeWiped } from '../../../src/kit/files/wipe.js';
import { tempFolder } from '../../store/sample.js';

test('a file that is replaced and overwritten while it is read is read again', async () => {
  const file = join(await tempFolder(), 'people.json');
  await writeFileAtomic(file, ['old']);
  let reads = 0;
  const read = async (handle: fs.FileHandle) => {
    if (++reads === 1) await writeFileAtomic(file, ['new'], { wipe: true });
    return handle.readFile();
  };
  expect((await readSettled(file, read)).toString()).toBe('new');
  expect(reads).toBe(2);
});

test('one that is gone is an error, and one that is always replaced ends all the same', async () => {
  const file = join(await tempFolder(), 'people.json');
  await expect(readSettled(file)).rejects.toMatchObject({ code: 'ENOENT' });
  await writeFileAtomic(file, ['0']);
  let n = 0;
  const read = async (handle: fs.FileHandle) => {
    const bytes = await handle.readFile();
    await writeFileAtomic(file, [String(++n)]);
    return bytes;
  };
  expect((await readSettled(file, read)).toString()).toBe('3');
});

test('a removed file is overwritten, but not while another name leads to it, and never through a link', async () => {
  const folder = await tempFolder();
  const [file, second, link] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string];
  await fs.writeFile(file, 'Ada');
  await fs.link(file, second);
  await removeWiped(file);
  expect(await fs.readFile(second, 'utf8')).toBe('Ada');
  await fs.symlink(second, link);
  await removeWiped(link);
  expect(await fs.readFile(second, 'utf8')).toBe('Ada');
  const handle = await fs.open(second);
  await removeWiped(second);
  expect((await handle.readFile()).equals(Buffer.alloc(3))).toBe(true);
  await handle.close();
  await removeWiped(second);
});

test('a link is not followed, and a pipe not waited for', async () => {
  const folder = await tempFolder();
  await fs.writeFile(join(folder, 'secret'), 'of somebody else');
  await fs.symlink(join(folder, 'secret'), join(folder, 'people.json'));
  await expect(readSettled(join(folder, 'people.json'))).rejects.toThrow('it is a link');
  spawnSync('mkfifo', [join(folder, 'pipe')]);
  await expect(readSettled(join(folder, 'pipe'))).rejects.toThrow('it is not a plain file');
});
