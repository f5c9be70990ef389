import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { finish } from '../../src/backup/pending.js';
import { silentLog as log } from '../../src/kit/log.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { PENDING } from '../../src/store/people-file.js';
import { tempFolder } from '../store/sample.js';
import { backupOf, configOf, KEY, northState } from './given.js';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const NOBODY = 65_534;
const skip = process.getuid?.() !== 0 || !existsSync(CLI);

/** A state folder of the daemon's user, in which that user has left a plan that leads into a folder of root. */
async function trapped(): Promise<{ readonly state: string; readonly victim: string }> {
  const state = await northState();
  const victim = await tempFolder();
  writeFileSync(join(victim, 'kept'), 'of root');
  mkdirSync(join(state, PENDING));
  const moves = [{ from: null, to: 'out/kept', aside: null }];
  const entry = { id: '00', gate: 'north' };
  writeFileSync(join(state, PENDING, 'plan.json'), JSON.stringify({ schema: 1, moves, entry }));
  symlinkSync(victim, join(state, 'out'));
  for (const name of ['.', ...readdirSync(state, { recursive: true }).map(String)])
    if (name !== 'out') chownSync(join(state, name), NOBODY, NOBODY);
  // Folders for tests are root's alone.
  for (let at = dirname(state); at !== '/' && at !== '/tmp'; at = dirname(at)) chmodSync(at, 0o755);
  return { state, victim };
}

test.skipIf(skip)('restored with sudo, links in the state folder lead nowhere that its owner cannot go', async () => {
  const { state, victim } = await trapped();
  const { file } = await backupOf(await northState());
  const key = join(await tempFolder(), 'key');
  writeFileSync(key, KEY.kind === 'identities' ? `${KEY.identities[0]}\n` : '', { mode: 0o600 });
  const config = join(await tempFolder(), 'kaimon.yaml');
  writeFileSync(config, 'site: home\ngate: north\n');
  const run = () =>
    spawnSync(
      process.execPath,
      [CLI, 'restore', file, '--identity', key, '--unsigned', '--replace', '--state', state, '--config', config],
      { encoding: 'utf8' },
    );
  const refused = run();
  expect(readdirSync(victim)).toEqual(['kept']);
  expect([refused.status, refused.stderr]).toEqual([4, expect.stringContaining('permission denied')]);
  // Without the trap all of it works, and belongs to whom the folder belongs to.
  writeFileSync(join(state, PENDING, 'plan.json'), JSON.stringify({ schema: 1, moves: [], entry: { id: '00' } }));
  const done = run();
  expect([done.stderr, done.status]).toEqual([expect.stringContaining('interrupted: finishing it'), 0]);
  const owners = readdirSync(state, { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith('out'))
    .map((name) => statSync(join(state, name)).uid);
  expect(new Set(owners)).toEqual(new Set([NOBODY]));
});

test.skipIf(process.getuid?.() !== 0)('root finishes no restore in the folder of another user', async () => {
  const { state, victim } = await trapped();
  const parts = { journal: configOf('north').journal, clock, log };
  await expect(finish(state, parts)).rejects.toMatchObject({ code: 'KAIMON_RESTORE_PENDING' });
  expect(readdirSync(victim)).toEqual(['kept']);
});
