import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { resolvePaths } from '../config/paths.js';
import { segmentNames } from '../journal/audit/audit.js';
import { queryEntries } from '../journal/audit/query.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import { EXIT, messageOf, OperatingError } from '../kit/errors.js';
import { systemClock } from '../kit/system-clock.js';
import { healthFaults } from '../report/health.js';
import { RUN_STATE, type RunState, readFormerRunState, readRunState, runStateFile } from '../report/run-state.js';
import { type CommonOptions, example, print } from './context.js';
import { wholeNumber } from './options.js';

interface HealthOptions extends CommonOptions {
  readonly file?: string;
  readonly before?: string;
  readonly journal?: string;
  readonly gateVersion?: string;
  readonly pid?: number;
}

/** Where the services tell how they are; a gate started by hand has other folders. */
const OF_THE_SERVICES = '/run/kaimon';
/** The newest start stands in one of them: a segment begins with the start or holds days of a gate that did not start again. */
const SEGMENTS_READ = 3;

interface Report {
  readonly gate: string;
  readonly healthy: boolean;
  readonly faults: readonly string[];
  readonly state: RunState | null;
}

/** `kaimon health`: whether the gates of this machine are well, told from outside of them. Reads no configuration and no models. */
export function healthCommand(): Command {
  return new Command('health')
    .description(
      'whether each gate of this machine is well: process, door, eye, camera, journal (exit code 1 if one is not)',
    )
    .option(
      '--file <file>',
      'where the gate tells how it is: /run/kaimon/state.json, for kaimon@NAME /run/kaimon/NAME/state.json',
    )
    .option(
      '--before <file>',
      'a copy of that file from before: what was so then is not blamed, and nothing may have got worse ({} where nothing is known of then)',
    )
    .option('--journal <dir>', "a gate's state folder: the newest start in its journal must be of the version at work")
    .option('--gate-version <version>', 'the version that must be at work')
    .option('--pid <n>', 'the process that must be the gate', wholeNumber(1, 4_194_304))
    .addHelpText('after', example('sudo kaimon health', 'sudo kaimon health --file /run/kaimon/in/state.json --json'))
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<HealthOptions>();
      const files = filesOf(options);
      if (files.length > 1 && (options.before ?? options.journal ?? options.pid) !== undefined)
        throw new OperatingError('KAIMON_USAGE', 'several gates are at work here: name one with --file');
      const gates: Report[] = [];
      for (const file of files) gates.push(await examine(file, options));
      const ok = gates.every(({ healthy }) => healthy);
      print(options, { ok, gates }, gates.flatMap(linesOf));
      process.exitCode = ok ? EXIT.yes : EXIT.no;
    });
}

function filesOf({ file, state }: HealthOptions): readonly string[] {
  if (file !== undefined) return [file];
  if (state !== undefined)
    return [runStateFile(resolvePaths({ env: process.env, stateOption: state, configFile: null }).run)];
  const found = runStatesBelow(OF_THE_SERVICES);
  return found.length > 0 ? found : [runStateFile(OF_THE_SERVICES)];
}

/** The states below the services' folder: that of kaimon.service, and of each kaimon@…. */
export function runStatesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const gates = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = [folder, ...gates.map(({ name }) => join(folder, name)).sort()].map((at) => join(at, RUN_STATE));
  return files.filter((file) => existsSync(file));
}

/** The unit whose file it is; a gate started by hand is called by its run folder. */
export function gateOf(file: string): string {
  const run = dirname(resolve(file));
  if (run === OF_THE_SERVICES) return 'kaimon';
  return dirname(run) === OF_THE_SERVICES ? `kaimon@${basename(run)}` : run;
}

async function examine(file: string, options: HealthOptions): Promise<Report> {
  const gate = gateOf(file);
  try {
    const now = readRunState(file);
    const faults = healthFaults({
      now,
      monotonicMs: systemClock.monotonic(),
      before: options.before === undefined ? undefined : readFormerRunState(options.before),
      version: options.gateVersion,
      pid: options.pid,
      journalStart: options.journal === undefined ? undefined : await newestStart(options.journal),
    });
    return { gate, healthy: faults.length === 0, faults, state: now };
  } catch (thrown) {
    if (thrown instanceof OperatingError) return { gate, healthy: false, faults: [messageOf(thrown)], state: null };
    throw thrown;
  }
}

/** The version of the newest start in the journal; null where none is found. */
async function newestStart(state: string): Promise<string | null> {
  const disk = new FileDisk(journalFolder(state));
  const newest = new Set((await segmentNames(disk)).slice(-SEGMENTS_READ));
  let version: string | null = null;
  const list = async () => (await disk.list()).filter(({ name }) => newest.has(name));
  const end = {
    folder: disk.folder,
    list,
    prepare: () => disk.prepare(),
    read: (name: string, tail?: number) => disk.read(name, tail),
    slice: (name: string, from: number, length: number) => disk.slice(name, from, length),
    open: (name: string) => disk.open(name),
    replace: (name: string, bytes: Uint8Array) => disk.replace(name, bytes),
    remove: (name: string) => disk.remove(name),
  };
  for await (const { entry } of queryEntries(end, { type: 'started' })) {
    const { version: said } = entry.fields;
    version = typeof said === 'string' ? said : null;
  }
  return version;
}

function linesOf({ gate, healthy, faults, state }: Report): readonly string[] {
  const { door, eye, camera, people, version } = state ?? {};
  const base = state ? `${version}; door ${door?.state}; eye ${eye}; camera ${camera}; ${people} people` : 'not known';
  return [
    `${healthy ? 'well    ' : 'NOT WELL'}  ${gate}: ${base}`,
    ...faults.map((fault) => `          ${fault}`),
    ...(state?.problems ?? []).map((problem) => `          the gate itself says: ${problem}`),
  ];
}
