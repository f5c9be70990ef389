import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('store-kill.mjs', import.meta.url));
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const built = existsSync(`${dist}/store/people-store.js`);
if (!built) process.stderr.write('skipped: the kill test of the people store needs `npm run build` first\n');

test.skipIf(!built)(
  'every acknowledged person is there after a kill, at any moment and before each step of a write that matters',
  async () => {
    // The build is what the other command and the daemon run; `npm test` makes it before.
    const args = [script, '--kills', '5', '--steps', '3,8,10,12', '--json', '--dist', dist];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ kills: 9, lost: 0, faults: [], leftoversAfterOpening: 0 });
    expect(report.acknowledged).toBeGreaterThan(0);
    // Before the file's fsync, the last good copy's rename, the file's own, and the folder's fsync; --sweep does all 19.
    expect(report.sweptSteps).toEqual(['sync', 'rename', 'rename', 'sync']);
  },
  120_000,
);
