// node main.mjs ARGUMENTS: scripts/deploy/deploy.
import { readFileSync } from 'node:fs';
import { argv, exit, stderr, stdout } from 'node:process';
import { optionsOf, USAGE, UsageError } from './options.mjs';
import { readParcel } from './parcel.mjs';
import { exitCodeOf, rollOut } from './rollout.mjs';
import { deployToHost, statusOfHost, trustOnHost } from './steps.mjs';

const beganMs = Date.now();
const tell = (host, text) =>
  stderr.write(`${String(Math.round((Date.now() - beganMs) / 1000)).padStart(5)} s  ${host}: ${text}\n`);

function linesOf(outcomes) {
  const width = Math.max(...outcomes.map(({ host }) => host.length));
  return outcomes.flatMap(({ host, result, why, seconds, current, previous, gates }) => [
    [
      host.padEnd(width),
      result.padEnd(11),
      seconds === undefined ? '' : `${seconds} s`,
      current && `${current}${previous ? `, before ${previous}` : ''}`,
      why,
    ]
      .filter((part) => part)
      .join('  '),
    ...(gates ?? []).map((gate) => `${' '.repeat(width)}    ${gate}`),
  ]);
}

async function main() {
  const options = optionsOf(argv.slice(2));
  if (options.help) {
    stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { action, hosts, parallel, maxFailed, json } = options;
  const parcel = action === 'deploy' ? readParcel(options.file) : undefined;
  const signers = action === 'trust' ? readFileSync(options.signers) : undefined;
  const work = {
    deploy: (host) => deployToHost(host, parcel, options, tell),
    rollback: (host) => deployToHost(host, undefined, options, tell),
    status: (host) => statusOfHost(host, options),
    trust: (host) => trustOnHost(host, signers, options),
  }[action];
  const canary = action === 'deploy' && !options.dryRun;
  const outcomes = await rollOut(hosts, work, { canary, parallel, maxFailed });
  const code = exitCodeOf(outcomes);
  const document = {
    ok: code === 0,
    release: parcel?.release ?? null,
    seconds: Math.round((Date.now() - beganMs) / 1000),
    hosts: outcomes,
  };
  stdout.write(json ? `${JSON.stringify(document)}\n` : `${linesOf(outcomes).join('\n')}\n`);
  return code;
}

main().then(exit, (thrown) => {
  stderr.write(`deploy: ${thrown.message}\n`);
  if (thrown instanceof UsageError) stderr.write('scripts/deploy/deploy --help tells more\n');
  // A file that cannot be read was named wrongly, too; anything else is a defect and says where.
  else if (thrown.code === undefined) stderr.write(`${thrown.stack}\n`);
  exit(2);
});
