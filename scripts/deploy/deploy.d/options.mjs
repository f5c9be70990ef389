// What may be asked of scripts/deploy/deploy.
import { parseArgs } from 'node:util';

export const USAGE = `Usage: scripts/deploy/deploy [options] PACKAGE HOST…       brings a release to gates, and back by itself where it is not well
       scripts/deploy/deploy --rollback [options] HOST…        back to the release before
       scripts/deploy/deploy --status [options] HOST…          what is at work
       scripts/deploy/deploy --trust SIGNERS [options] HOST…   once: whose packages these hosts run

PACKAGE is kaimon_VERSION_ARCH.deb of scripts/deploy/package with its signature beside it (scripts/deploy/sign). A HOST is what ssh takes:
gate7, root@10.0.0.7. On it root, or sudo without a password. The first host is the canary: the others follow when it is well.

  --dry-run                looks at the hosts and says what would be done
  --parallel N             hosts at the same time after the canary: 8
  --max-failed N           no further host is begun after so many that were rolled back: 2
  --health-timeout SECONDS a release that is not well by then is rolled back: 90
  --steady SECONDS         so long it must be well without a break: 15
  --keep N                 releases kept on each host, besides those at work and before: 3
  --install-dependencies   packages of the distribution that are missing are installed
  --downgrade              an older version than that at work is wanted
  --replace-trust          with --trust: in place of others
  --ssh-option OPTION      as for ssh -o; may be given several times
  --json                   one JSON document on standard output
  --help                   this text

Exit codes: 0 all hosts are well (--status: at work), 1 some refused, failed, were rolled back or are not at work, 2 wrong use, 4 some could not be reached.
Example: scripts/deploy/deploy kaimon_0.2.0~deb12_arm64.deb root@gate1 root@gate2`;

export class UsageError extends Error {}

const OPTIONS = {
  rollback: { type: 'boolean' },
  status: { type: 'boolean' },
  trust: { type: 'string' },
  'dry-run': { type: 'boolean' },
  parallel: { type: 'string', default: '8' },
  'max-failed': { type: 'string', default: '2' },
  'health-timeout': { type: 'string', default: '90' },
  steady: { type: 'string', default: '15' },
  keep: { type: 'string', default: '3' },
  'install-dependencies': { type: 'boolean' },
  downgrade: { type: 'boolean' },
  'replace-trust': { type: 'boolean' },
  'ssh-option': { type: 'string', multiple: true, default: [] },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
};

const HOSTS_MAX = 1000;

/** The arguments of the command line, checked. @throws UsageError */
export function optionsOf(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new UsageError(cause.message);
  }
  const { values, positionals } = parsed;
  const actions = ['rollback', 'status', 'trust'].filter((name) => values[name] !== undefined);
  if (actions.length > 1) throw new UsageError(`--${actions.join(' and --')} cannot be asked for together`);
  const action = actions[0] ?? 'deploy';
  const [file, hosts] = action === 'deploy' ? [positionals[0], positionals.slice(1)] : [undefined, positionals];
  if (values.help) return { help: true };
  if (action === 'deploy' && !file?.endsWith('.deb'))
    throw new UsageError('the first argument is a package: kaimon_….deb');
  if (hosts.length === 0) throw new UsageError('no host is named');
  if (hosts.length > HOSTS_MAX) throw new UsageError(`at most ${HOSTS_MAX} hosts at once`);
  const wrong = hosts.find((host) => !/^[A-Za-z0-9_[][A-Za-z0-9_.@:%[\]-]*$/.test(host));
  if (wrong !== undefined) throw new UsageError(`${JSON.stringify(wrong)} is no host`);
  const twice = hosts.find((host, place) => hosts.indexOf(host) !== place);
  if (twice !== undefined) throw new UsageError(`${twice} is named twice`);
  const healthSeconds = whole(values, 'health-timeout', 5, 3600);
  const steadySeconds = whole(values, 'steady', 1, 600);
  if (steadySeconds >= healthSeconds) throw new UsageError('--steady must be less than --health-timeout');
  return {
    action,
    file,
    hosts,
    signers: values.trust,
    dryRun: values['dry-run'] ?? false,
    parallel: whole(values, 'parallel', 1, 64),
    maxFailed: whole(values, 'max-failed', 1, HOSTS_MAX),
    healthSeconds,
    steadySeconds,
    keep: whole(values, 'keep', 1, 50),
    installDependencies: values['install-dependencies'] ?? false,
    downgrade: values.downgrade ?? false,
    replaceTrust: values['replace-trust'] ?? false,
    sshOptions: values['ssh-option'],
    json: values.json ?? false,
  };
}

function whole(values, name, low, high) {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < low || number > high)
    throw new UsageError(`--${name} is a whole number from ${low} to ${high}`);
  return number;
}
