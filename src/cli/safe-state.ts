import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { resolvePaths } from '../config/paths.js';
import { DOOR_LINE } from '../door/safe-state-record.js';
import { EXIT, OperatingError } from '../kit/errors.js';
import { type CommonOptions, example, print } from './context.js';

const SCRIPT = fileURLToPath(new URL('../../systemd/safe-state.sh', import.meta.url));
/** Where the services keep it; a gate started by hand has other folders. */
const OF_THE_SERVICES = '/run/kaimon';

/**
 * Records of relays below the services' folder: that of kaimon.service, and of each kaimon@….
 * @returns none where no service has driven a relay since the machine was started
 */
export function recordsBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const gates = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = [folder, ...gates.map(({ name }) => join(folder, name)).sort()].map((at) => join(at, DOOR_LINE));
  return files.filter((file) => existsSync(file));
}

/** `kaimon safe-state`: by hand what systemd does after every end of the daemon. Reads no configuration and no models. */
export function safeStateCommand(): Command {
  return new Command('safe-state')
    .description(
      "put the door's relay back to its idle level, in a fire to released; for when the daemon is gone. Every gate of this machine",
    )
    .addHelpText('after', example('sudo kaimon safe-state', 'kaimon safe-state --state /tmp/try-out'))
    .action((_own, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const found = options.state === undefined ? recordsBelow(OF_THE_SERVICES) : [];
      const files =
        found.length > 0
          ? found
          : [join(resolvePaths({ env: process.env, stateOption: options.state, configFile: null }).run, DOOR_LINE)];
      const results = files.map((file) => ({ file, ...makeSafe(file) }));
      const failed = results.filter(({ ok }) => !ok);
      if (failed.length > 0) {
        const message = `the relay could not be made safe: ${failed.map(({ said }) => said).join('; ')}`;
        throw new OperatingError('KAIMON_SAFE_STATE', message);
      }
      const said = results.map((result) => result.said);
      print(options, { ok: true, gates: results }, said);
      process.exitCode = EXIT.yes;
    });
}

function makeSafe(file: string): { readonly ok: boolean; readonly said: string } {
  const { status, stderr, error } = spawnSync('sh', [SCRIPT, file], { encoding: 'utf8' });
  const said = (stderr ?? '').trim();
  return { ok: status === 0, said: said || (error ? `sh could not be started: ${error.message}` : file) };
}
