import { promises as fs } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OperatingError } from '../../../src/kit/errors.js';
import { removeStaleTemps, writeFileAtomic } from '../../../src/kit/files/atomic-file.js';

async function folder(): Promise<string> {
  const path = await fs.mkdtemp(join(tmpdir(), 'kaimon-atomic-'));
  onTestFinished(() => fs.rm(path, { recursive: true, force: true }));
  return path;
}

const refusal = (code: string): Error => Object.assign(new Error(`${code}: refused`), { code, syscall: 'write' });

async function failure(act: Promise<unknown>): Promise<OperatingError> {
  const thrown = await act.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(OperatingError);
  return thrown as OperatingError;
}

const isRoot = process.getuid?.() === 0;

describe('a file that is replaced whole or not at all', () => {
  test.skipIf(!isRoot)(
    `written by root it belongs to the owner of its folder${isRoot ? '' : ' (needs root)'}`,
    async () => {
      const home = await folder();
      await fs.chown(home, 65534, 65534);
      const path = join(home, 'a.json');
      await writeFileAtomic(path, ['one']);
      expect(await fs.stat(path)).toMatchObject({ uid: 65534, gid: 65534 });
    },
  );

  test('holds all chunks, readable by its owner only whatever the umask says', async () => {
    const path = join(await folder(), 'a.json');
    const before = process.umask(0o000);
    onTestFinished(() => void process.umask(before));
    await writeFileAtomic(path, ['one ', Buffer.from('two '), '愛']);
    expect(await fs.readFile(path, 'utf8')).toBe('one two 愛');
    expect((await fs.stat(path)).mode & 0o777).toBe(0o600);
    process.umask(0o077);
    await writeFileAtomic(path, ['public'], { mode: 0o644 });
    expect((await fs.stat(path)).mode & 0o777).toBe(0o644);
    expect(await fs.readdir(join(path, '..'))).toEqual(['a.json']);
  });

  test('keeps what it replaces as the last good copy, one write back', async () => {
    const path = join(await folder(), 'a.json');
    const keepPrevious = `${path}.last-good`;
    await writeFileAtomic(path, ['1'], { keepPrevious });
    await expect(fs.readFile(keepPrevious)).rejects.toThrow('ENOENT');
    await writeFileAtomic(path, ['2'], { keepPrevious });
    await writeFileAtomic(path, ['3'], { keepPrevious });
    expect(await fs.readFile(path, 'utf8')).toBe('3');
    expect(await fs.readFile(keepPrevious, 'utf8')).toBe('2');
  });

  test('leaves no second name behind when the last good copy already is the file (killed between the two renames)', async () => {
    const path = join(await folder(), 'a.json');
    await writeFileAtomic(path, ['1']);
    await fs.link(path, `${path}.last-good`);
    await writeFileAtomic(path, ['2'], { keepPrevious: `${path}.last-good` });
    expect((await fs.readdir(join(path, '..'))).sort()).toEqual(['a.json', 'a.json.last-good']);
    expect(await fs.readFile(`${path}.last-good`, 'utf8')).toBe('1');
  });

  test.each([
    ['written', undefined, 2],
    ['copied', 'EPERM', 4],
  ])('tells of its progress while it is %s, for a file of many parts', async (_how, link, least) => {
    const path = join(await folder(), 'a.json');
    const parts = Array.from({ length: 9 }, () => 'x'.repeat(1024 * 1024));
    await writeFileAtomic(path, parts);
    if (link) vi.spyOn(fs, 'link').mockRejectedValueOnce(refusal(link));
    onTestFinished(() => void vi.restoreAllMocks());
    const onProgress = vi.fn();
    await writeFileAtomic(path, parts, { keepPrevious: `${path}.last-good`, onProgress });
    // Twice for each file before its end, and at its end.
    expect(onProgress).toHaveBeenCalledTimes(least + least / 2);
  });

  test('makes the last good copy by copying where the file system has no hard links', async () => {
    const path = join(await folder(), 'a.json');
    await writeFileAtomic(path, ['1']);
    vi.spyOn(fs, 'link').mockRejectedValueOnce(refusal('EPERM'));
    onTestFinished(() => void vi.restoreAllMocks());
    await writeFileAtomic(path, ['2'], { keepPrevious: `${path}.last-good` });
    expect(await fs.readFile(`${path}.last-good`, 'utf8')).toBe('1');
    expect((await fs.stat(`${path}.last-good`)).mode & 0o777).toBe(0o600);
    expect(await fs.readdir(join(path, '..'))).toHaveLength(2);
  });

  test.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'mounted read-only'],
    ['EACCES', 'permission denied'],
    ['EIO', 'the disk reports an error'],
  ])('says in a sentence what %s means and leaves the old file and no other', async (code, sentence) => {
    const path = join(await folder(), 'a.json');
    await writeFileAtomic(path, ['old']);
    async function* fullAfterTheFirstChunk() {
      yield 'half of the new';
      throw refusal(code);
    }
    const error = await failure(writeFileAtomic(path, fullAfterTheFirstChunk(), { keepPrevious: `${path}.last-good` }));
    expect(error.code).toBe('KAIMON_FILE_WRITE');
    expect(error.message).toContain(sentence);
    expect(error.message).toContain(path);
    expect(await fs.readFile(path, 'utf8')).toBe('old');
    expect(await fs.readdir(join(path, '..'))).toEqual(['a.json']);
  });

  test('leaves the old file when even the last step, the rename, is refused', async () => {
    const path = join(await folder(), 'a.json');
    await writeFileAtomic(path, ['old']);
    vi.spyOn(fs, 'rename').mockRejectedValueOnce(refusal('EROFS'));
    onTestFinished(() => void vi.restoreAllMocks());
    await failure(writeFileAtomic(path, ['new']));
    expect(await fs.readFile(path, 'utf8')).toBe('old');
    expect(await fs.readdir(join(path, '..'))).toEqual(['a.json']);
  });

  test('names the missing folder, and the folder that stands where the file should be', async () => {
    const path = join(await folder(), 'gone', 'a.json');
    expect((await failure(writeFileAtomic(path, ['x']))).message).toContain('the folder does not exist');
    await fs.mkdir(path, { recursive: true });
    expect((await failure(writeFileAtomic(path, ['x']))).message).toContain('there is a folder of that name');
  });

  test('passes on what the writer of the content throws, unchanged', async () => {
    const path = join(await folder(), 'a.json');
    const defect = new TypeError('a defect, not a disk');
    async function* broken() {
      yield 'a';
      throw defect;
    }
    await expect(writeFileAtomic(path, broken())).rejects.toBe(defect);
    expect(await fs.readdir(join(path, '..'))).toEqual([]);
  });

  test('the bytes are synced before the rename and the folder after it', async () => {
    const path = join(await folder(), 'a.json');
    const steps: string[] = [];
    const open = fs.open.bind(fs);
    vi.spyOn(fs, 'open').mockImplementation(async (name, ...rest) => {
      const handle = await open(name, ...rest);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        steps.push(String(name).endsWith('.tmp') ? 'sync file' : 'sync folder');
        await sync();
      };
      return handle;
    });
    const rename = fs.rename.bind(fs);
    vi.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      steps.push('rename');
      await rename(from, to);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    await writeFileAtomic(path, ['1']);
    expect(steps).toEqual(['sync file', 'rename', 'sync folder']);
  });
});

describe('what a killed writer leaves', () => {
  test('is removed, and nothing else', async () => {
    const path = join(await folder(), 'people.json');
    const stale = ['.people.json.0123456789ab.tmp', '.people.json.ffffffffffff.tmp'];
    const others = ['people.json', 'people.json.last-good', '.other.json.0123456789ab.tmp', '.people.json.tmp'];
    for (const name of [...stale, ...others]) await fs.writeFile(join(path, '..', name), '');
    expect(await removeStaleTemps(path)).toBe(2);
    expect((await fs.readdir(join(path, '..'))).sort()).toEqual(others.sort());
    expect(await removeStaleTemps(join(path, '..', 'no', 'folder'))).toBe(0);
  });
});
