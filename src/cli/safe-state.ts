import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { resolvePaths } from '../config/paths.js';
import { DOOR_LINE } from '../door/door-line.js';
import { EXIT, OperatingError } from '../kit/errors.js';
import { type CommonOptions, example, print } from './context.js';

const SCRIPT = fileURLToPath(new URL('../../systemd/safe-state.sh', import.meta.url));
/** Where the service keeps it; whoever runs the command by hand has other folders of his own. */
const OF_THE_SERVICE = join('/run/kaimon', DOOR_LINE);

/** `kaimon safe-state`: by hand what systemd does after every end of the daemon. Reads no configuration and no models. */
export function safeStateCommand(): Command {
  return new Command('safe-state')
    .description("put the door's relay back to its idle level; for when the daemon is gone")
    .addHelpText('after', example('sudo kaimon safe-state', 'kaimon safe-state --state /tmp/try-out'))
    .action((_own, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const own = options.state !== undefined || !existsSync(OF_THE_SERVICE);
      const file = own
        ? join(resolvePaths({ env: process.env, stateOption: options.state }).run, DOOR_LINE)
        : OF_THE_SERVICE;
      const { status, stderr, error } = spawnSync('sh', [SCRIPT, file], { encoding: 'utf8' });
      const said = (stderr ?? '').trim();
      if (status !== 0) {
        const message = `the relay could not be made safe: ${said || 'sh could not be started'}`;
        throw new OperatingError('KAIMON_SAFE_STATE', 'environment', message, { cause: error });
      }
      print(options, { ok: true, file, said }, [said]);
      process.exitCode = EXIT.yes;
    });
}
