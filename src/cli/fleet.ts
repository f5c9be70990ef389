import { X509Certificate } from 'node:crypto';
import { Command } from 'commander';
import type { Config } from '../config/config.js';
import { readSecret } from '../config/secret.js';
import { clientOf, connected } from '../doctor/broker/client.js';
import type { Keyring } from '../keys/keyring.js';
import { siteKeyring } from '../keys/open-keys.js';
import { EXIT, OperatingError } from '../kit/errors.js';
import { systemClock } from '../kit/system-clock.js';
import { type FleetReport, fleetLines, fleetReport } from '../site/fleet/fleet-report.js';
import { FleetWatch } from '../site/fleet/fleet-watch.js';
import { type CommonOptions, contextOf, example, print } from './context.js';
import { signingKeyOf } from './sign.js';

interface FleetOptions extends CommonOptions {
  readonly broker?: string;
  readonly site?: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly signKey?: string;
  readonly siteKey?: readonly string[];
  readonly watch?: boolean;
}

const CONNECT_MS = 10_000;
/** What the broker has kept arrives at once; it is all there when nothing has come for so long. */
const QUIET_MS = 500;
const QUIET_MAX_MS = 15_000;
const LOOK_MS = 50;
/** While watching: how soon after a change it is told, and how often clocks are asked. */
const TELL_MS = 500;
const CLOCKS_MS = 60_000;

/** `kaimon fleet`: how all gates of a site are, told by the broker. Changes nothing. */
export function fleetCommand(): Command {
  return new Command('fleet')
    .description(
      'list the gates of the site at the broker: version, health, door, people, journal, clock, and who differs (exit code 1 if one is away, not well or different; 4 if the broker is out of reach)',
    )
    .option('--broker <url>', 'mqtt://host:1883 or mqtts://host:8883, with the options below, in place of section mqtt')
    .option('--site <name>', "the site, in place of the configuration's")
    .option('--username <name>', 'user name at the broker')
    .option('--password-file <file>', 'file that holds the password')
    .option('--ca-file <file>', "authority that signed the broker's certificate (PEM)")
    .option('--cert-file <file>', 'certificate to show to the broker (PEM)')
    .option('--key-file <file>', 'its private key (PEM)')
    .option('--sign-key <file>', 'private key of who asks for the clocks, where the site has keys (kaimon keys)')
    .option(
      '--site-key <key...>',
      'public key of the site (kaimon keys list), in place of keys.siteKeys: says which gates have signed what they say',
    )
    .option('--watch', 'go on, and tell each change, until ctrl-c; with --json one document a line')
    .addHelpText(
      'after',
      example(
        'kaimon fleet',
        'kaimon fleet --broker mqtts://broker.example:8883 --site home --ca-file ca.crt --cert-file reader.crt --key-file reader.key',
      ),
    )
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<FleetOptions>();
      const ctrlC = new AbortController();
      process.once('SIGINT', () => ctrlC.abort());
      process.exitCode = await runFleet(options, ctrlC.signal);
    });
}

/** @param stop ends a watch @returns the exit code @throws OperatingError KAIMON_MQTT_DOWN, KAIMON_USAGE … */
export async function runFleet(options: FleetOptions, stop: AbortSignal): Promise<number> {
  const config = configOf(options);
  const { site, mqtt } = config;
  const link = clientOf(config, 'fleet');
  let changedAt = systemClock.monotonic();
  const fleet = new FleetWatch({
    link,
    site,
    by: nameOf(mqtt),
    key: options.signKey === undefined ? undefined : signingKeyOf(options.signKey),
    keyring: keyringOf(options.siteKey ?? config.keys.siteKeys, site),
    protocol: () => link.version,
    clock: systemClock,
    onChange: () => {
      changedAt = systemClock.monotonic();
    },
  });
  try {
    const why = await connected(link, CONNECT_MS);
    if (why !== undefined)
      throw new OperatingError('KAIMON_MQTT_DOWN', `the broker at ${mqtt.url} is out of reach: ${why}`);
    await fleet.follow();
    // From the subscription on: the connection may have taken longer than the quiet.
    changedAt = systemClock.monotonic();
    for (const end = systemClock.monotonic() + QUIET_MAX_MS; ; await pause(LOOK_MS)) {
      const now = systemClock.monotonic();
      if (now - changedAt >= QUIET_MS || now >= end) break;
    }
    await fleet.askClocks();
    const report = () => fleetReport(site, fleet.gates);
    show(options, report(), fleet);
    return options.watch ? await watch(options, fleet, link, report, stop) : exitOf(report());
  } finally {
    fleet.stop();
    await link.end();
  }
}

/** With `--broker` nothing of section `mqtt` counts: its password is not for another broker. */
function configOf(options: FleetOptions): Config {
  const { broker, site, username, passwordFile, caFile, certFile, keyFile } = options;
  const given = { username, passwordFile, caFile, certFile, keyFile };
  const overrides = Object.entries(given).flatMap(([key, value]) =>
    value === undefined && broker === undefined ? [] : [[`mqtt.${key}`, value ?? null] as const],
  );
  const { config } = contextOf(options, {
    site,
    ...Object.fromEntries(overrides),
    ...(broker === undefined ? {} : { 'mqtt.url': broker, 'mqtt.enabled': true }),
  });
  if (config.mqtt.enabled) return config;
  throw new OperatingError('KAIMON_USAGE', 'no broker is configured (mqtt.enabled): give one with --broker');
}

/** @returns undefined where no key of the site is known */
const keyringOf = (siteKeys: readonly string[], site: string): Keyring | undefined =>
  siteKeys.length === 0 ? undefined : siteKeyring(site, siteKeys, () => systemClock.wall());

/** Who asks: the name by which the broker knows this client, since an access list lets each read its own answers only. */
function nameOf({ username, certFile }: Config['mqtt']): string {
  const name = username ?? (certFile === null ? undefined : commonName(certFile));
  return name !== undefined && /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : 'fleet';
}

const commonName = (certFile: string): string | undefined =>
  new X509Certificate(readSecret(certFile, 'mqtt.certFile', process.env)).subject.match(/^CN=(.+)$/m)?.[1];

const exitOf = ({ ok }: FleetReport): number => (ok ? EXIT.yes : EXIT.no);

function show(options: FleetOptions, report: FleetReport, { whyNoClock, leftOut }: FleetWatch): void {
  const notes = [
    ...(report.gates.some(({ status, clockAheadMs }) => status !== 'offline' && clockAheadMs === null)
      ? [`not every clock is known: ${whyNoClock ?? 'no answer came'}`]
      : []),
    ...(leftOut > 0 ? ['there are more gates than can be shown'] : []),
  ];
  if (options.watch && !options.json && process.stdout.isTTY) process.stdout.write('\x1b[2J\x1b[H');
  print(options, { ...report, notes }, [...fleetLines(report), ...notes]);
}

/** Tells each change, until it is stopped. What changes all the time, journal and fractions of seconds, is none. */
async function watch(
  options: FleetOptions,
  fleet: FleetWatch,
  link: ReturnType<typeof clientOf>,
  report: () => FleetReport,
  stop: AbortSignal,
): Promise<number> {
  const essence = (all: FleetReport) => JSON.stringify(all.gates.map(({ journal, clockAheadMs, ...rest }) => rest));
  let shown = essence(report());
  let askedAt = systemClock.monotonic();
  link.onDown((why) => process.stderr.write(`the broker is away: ${why}\n`));
  link.onUp(() => {
    fleet.follow().catch((thrown: Error) => process.stderr.write(`the gates cannot be followed: ${thrown.message}\n`));
  });
  while (!stop.aborted) {
    await pause(TELL_MS);
    if (link.up && systemClock.monotonic() - askedAt >= CLOCKS_MS) {
      askedAt = systemClock.monotonic();
      await fleet.askClocks();
    }
    const now = report();
    if (essence(now) === shown) continue;
    shown = essence(now);
    show(options, now, fleet);
  }
  return link.up ? exitOf(report()) : EXIT.environment;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.after(ms, resolve));
