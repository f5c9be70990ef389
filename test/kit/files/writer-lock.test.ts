import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { WriterLock } from '../../../src/kit/files/writer-lock.js';
import { silentLog } from '../../../src/kit/log.js';
import { PEOPLE_LOCK } from '../../../src/store/people-options.js';
import { names, tempFolder } from '../../store/sample.js';

const lockPath = async () => join(await tempFolder(), 'people.json.lock');
const take = (path: string) => WriterLock.take(path, silentLog, PEOPLE_LOCK);

/** A process of its own that lives until the test ends it. */
async function sleeper() {
  const child = spawn(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1e6)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const pid = child.pid ?? expect.fail('no pid');
  return { child, pid, started: await startOf(pid) };
}

async function startOf(pid: number): Promise<string> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** A lock file's text: of this very process, where `change` does not say otherwise. */
const owner = async (change: object) => {
  const boot = (await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return JSON.stringify({ pid: process.pid, started: await startOf(process.pid), boot, token: 'other', ...change });
};

const GONE = JSON.stringify({ pid: process.pid, started: '1', boot: '', token: 'other' });

afterEach(() => vi.restoreAllMocks());

/** The disk is read-only for the next file that is to be removed. */
const refuseRemoving = () =>
  vi
    .spyOn(fs, 'rm')
    .mockRejectedValueOnce(Object.assign(new Error('EROFS: read-only'), { code: 'EROFS', syscall: 'unlink' }));

describe('the lock of the people store', () => {
  test('is held by one process, and free again after its release', async () => {
    const path = await lockPath();
    const lock = await take(path);
    await expect(take(path)).rejects.toThrow(`in use by process ${process.pid}`);
    expect(await lock.holds()).toBe(true);
    await lock.release();
    expect(await names(join(path, '..'))).toEqual([]);
    await (await take(path)).release();
  });

  test('names the living process that holds it', async () => {
    const path = await lockPath();
    const { pid, started } = await sleeper();
    await fs.writeFile(path, await owner({ pid, started }));
    await expect(take(path)).rejects.toMatchObject({
      code: 'KAIMON_PEOPLE_LOCKED',
      message: expect.stringContaining(`in use by process ${pid}`),
    });
  });

  test('of a killed process is taken over', async () => {
    const path = await lockPath();
    const { child, pid, started } = await sleeper();
    await fs.writeFile(path, await owner({ pid, started }));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await (await take(path)).holds()).toBe(true);
    expect(await names(join(path, '..'))).toEqual(['people.json.lock']);
  });

  test.each([
    ['of a process that died and whose number another process has now', { started: '1' }],
    ['from before the last start of the machine', { boot: '00000000-0000-0000-0000-000000000000' }],
  ])('%s is taken over', async (_whose, change) => {
    const path = await lockPath();
    await fs.writeFile(path, await owner(change));
    expect(await (await take(path)).holds()).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['garbage', '{"pid":'],
  ])('that is %s (power cut) is taken over', async (_what, text) => {
    const path = await lockPath();
    await fs.writeFile(path, text);
    expect(await (await take(path)).holds()).toBe(true);
  });

  test('is not held by a writer that another process has taken it from', async () => {
    const path = await lockPath();
    const lock = await take(path);
    const { pid, started } = await sleeper();
    await fs.writeFile(path, await owner({ pid, started }));
    expect(await lock.holds()).toBe(false);
    await expect(take(path)).rejects.toThrow(`in use by process ${pid}`);
    await lock.release();
    // Releasing what one no longer has must not free the other's lock.
    expect(await names(join(path, '..'))).toEqual(['people.json.lock']);
  });

  test.each([
    ['was deleted by hand', undefined],
    ['a fault of the disk left empty', ''],
    ['a fault of the disk left as garbage', '{"pid":'],
    ['another process had, which is gone', GONE],
  ])('that %s is lost to the process that had it, and can be taken anew', async (_what, text) => {
    const path = await lockPath();
    const lock = await take(path);
    await (text === undefined ? fs.rm(path) : fs.writeFile(path, text));
    expect(await lock.holds()).toBe(false);
    const again = await take(path);
    expect([await lock.holds(), await again.holds()]).toEqual([false, true]);
  });

  test('is given to only one of many that ask at once, also when a dead process held it', async () => {
    for (const before of [undefined, await owner({ started: '1' })]) {
      const path = await lockPath();
      if (before !== undefined) await fs.writeFile(path, before);
      const all = await Promise.allSettled(Array.from({ length: 20 }, () => take(path)));
      const taken = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const holding = await Promise.all(taken.map((lock) => lock.holds()));
      expect(holding.filter(Boolean)).toHaveLength(1);
    }
  });

  test('is taken where only its draft cannot be removed', async () => {
    const path = await lockPath();
    refuseRemoving();
    const lock = await take(path);
    expect(await lock.holds()).toBe(true);
    await lock.release();
    await (await take(path)).release();
  });

  test('that could not be removed at its release is held no more, and can be taken by the same process', async () => {
    const path = await lockPath();
    const lock = await take(path);
    refuseRemoving();
    await expect(lock.release()).rejects.toThrow('EROFS');
    const again = await take(path);
    expect([await lock.holds(), await again.holds()]).toEqual([false, true]);
    await expect(take(path)).rejects.toThrow(`in use by process ${process.pid}`);
  });

  test('that was lost stays lost, even where the file names its holder again', async () => {
    const path = await lockPath();
    const lock = await take(path);
    const text = await fs.readFile(path, 'utf8');
    await fs.writeFile(path, '');
    expect(await lock.holds()).toBe(false);
    await fs.writeFile(path, text);
    expect(await lock.holds()).toBe(false);
    expect(await (await take(path)).holds()).toBe(true);
  });

  test('in a folder that cannot be written is refused in a sentence', async () => {
    const path = join(await tempFolder(), 'missing', 'people.json.lock');
    await expect(take(path)).rejects.toMatchObject({
      code: 'KAIMON_FILE_WRITE',
      message: expect.stringContaining('cannot lock the people store'),
    });
  });
});
