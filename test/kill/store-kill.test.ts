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
  'whoever was acknowledged is there after a kill, at any moment and before every step of a write',
  async () => {
    // The build is what the other command and the daemon run; `npm test` makes it before.
    const args = [script, '--kills', '5', '--sweep', '--json', '--dist', dist];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ kills: 18, lost: 0, faults: [], leftoversAfterOpening: 0 });
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(report.sweptSteps).toEqual(
      expect.arrayContaining(['open', 'writeFile', 'sync', 'close', 'link', 'rename', 'rm']),
    );
  },
  120_000,
);
