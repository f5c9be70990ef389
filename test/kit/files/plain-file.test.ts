import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPlainFile, readPlainFileSync } from '../../../src/kit/files/plain-file.js';

const folder = mkdtempSync(join(tmpdir(), 'kaimon-plain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const pipe = join(folder, 'pipe');
const hasPipe = spawnSync('mkfifo', [pipe]).status === 0;
const small = join(folder, 'small');
writeFileSync(small, 'abc');

describe.each<[string, (path: string, max: number) => Promise<Buffer>]>([
  ['later', readPlainFile],
  ['at once', async (path, max) => readPlainFileSync(path, max)],
])('read %s', (_when, read) => {
  test('a plain file is read', async () => {
    expect((await read(small, 3)).toString()).toBe('abc');
  });

  test('a longer one is refused', async () => {
    await expect(read(small, 2)).rejects.toThrow('it has 3 bytes, at most 2 are allowed');
  });

  test.skipIf(!hasPipe)('a named pipe into which nobody writes is refused at once, and not waited for', async () => {
    await expect(read(pipe, 100)).rejects.toThrow('it is not a plain file but a device, pipe or socket');
  });

  test.each([
    ['a device', '/dev/zero', 'not a plain file'],
    ['a folder', folder, 'it is a folder'],
    ['a missing file', join(folder, 'missing'), 'ENOENT'],
  ])('%s is refused', async (_what, path, why) => {
    await expect(read(path, 100)).rejects.toThrow(why);
  });
});
