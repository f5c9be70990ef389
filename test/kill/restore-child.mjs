// node restore-child.mjs DIST BACKUP STATE IDENTITY DIE_AT: restores a backup over what is there and kills itself with SIGKILL before the step of
// the file system with this number. Prints "STEP FILE" before that, or "done STEPS".
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dieAtStep } from './die-at-step.mjs';

const [dist, backup, state, identity, dieAt] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { restoreBackup } = await load('backup/restore.js');
const { loadConfig } = await load('config/load.js');
const { systemClock: clock } = await load('kit/system-clock.js');
const { Vault } = await load('kit/sealing/vault.js');
const { silentLog: log } = await load('kit/log.js');
const { config } = loadConfig({ env: {}, overrides: { site: 'home', gate: 'north' } });

const steps = dieAtStep(dieAt, ['open', 'mkdir', 'link', 'rename', 'rm', 'rmdir'], ['writeFile', 'sync', 'datasync']);
await restoreBackup(backup, {
  state,
  vault: Vault.plain(),
  config,
  key: { kind: 'identities', identities: [identity] },
  unsigned: true,
  replace: true,
  dryRun: false,
  encoder: null,
  clock,
  log,
});
writeSync(1, `done ${steps()}\n`);
