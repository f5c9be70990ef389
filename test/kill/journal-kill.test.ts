import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('journal-kill.mjs', import.meta.url));
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const built = existsSync(`${dist}/journal/file-journal.js`);
if (!built) process.stderr.write('skipped: the kill test of the journal needs `npm run build` first\n');

test.skipIf(!built)(
  'every acknowledged entry is there after a kill at any moment, and the chain verifies',
  async () => {
    // The build is what the daemon runs; `npm test` makes it before.
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--kills', '5', '--json', '--dist', dist]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ kills: 5, lost: 0, faults: [] });
    expect(report.acknowledged).toBeGreaterThan(0);
  },
  120_000,
);
