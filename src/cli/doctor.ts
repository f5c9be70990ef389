import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { Command } from 'commander';
import type { Config } from '../config/config.js';
import { dangersOf } from '../config/dangers.js';
import type { Paths } from '../config/paths.js';
import { eyeLauncher, unconfinedDanger } from '../eye/launcher.js';
import { EXIT, explain } from '../kit/errors.js';
import { systemClock } from '../kit/system-clock.js';
import { loadManifest } from '../models/model-files.js';
import { loadModels } from '../models/model-set.js';
import { openModels } from '../models/open-models.js';
import { usableCurve } from '../person/thresholds.js';
import { readPeople } from '../store/read-people.js';
import { checkNamedFiles } from './config-surroundings.js';
import { type CommonOptions, type Context, contextOf, example, print } from './context.js';

/** One thing that was looked at. */
interface Finding {
  readonly what: string;
  readonly result: 'ok' | 'warning' | 'problem';
  readonly text: string;
}

/** Less than this on the disk of the state folder is a problem: the journal alone keeps up to some hundred megabytes. */
const FREE_MIN_MB = 100;
const MEGABYTE = 1024 * 1024;
/** Where systemd starts the eyes of the services: kaimon-eye.socket. */
const SOCKET_OF_THE_SERVICES = '/run/kaimon-eye.sock';

/** Looks without changing anything, also beside a running daemon. */
async function examine({
  config,
  paths,
  peopleFile,
  calibrationFile,
  vault,
  log,
}: Context): Promise<readonly Finding[]> {
  const choice = { encoder: config.encoder, liveness: config.liveness.enabled };
  let encoder: string | undefined;
  const findings = [
    await look('models', async () => {
      const models = await loadModels(loadManifest(), choice, calibrationFile);
      encoder = models.encoder;
      usableCurve(models.curve, encoder, config.decision.threshold);
      return `encoder ${encoder}`;
    }),
    await look('people', async () => {
      if (encoder === undefined) return 'not looked at without models';
      const { people } = await readPeople({ file: peopleFile, encoder, vault, clock: systemClock, log });
      return `${people.size} enrolled`;
    }),
    await look('disk', async () => {
      if (!existsSync(paths.state)) return `${paths.state} is not there yet: the first start makes it`;
      accessSync(paths.state, constants.W_OK);
      const { bavail, bsize } = statfsSync(paths.state);
      const free = Math.floor((bavail * bsize) / MEGABYTE);
      if (free < FREE_MIN_MB)
        throw new Error(`${free} MB are free in ${paths.state}: at least ${FREE_MIN_MB} are needed`);
      return `${free} MB are free in ${paths.state}`;
    }),
  ];
  const { problems, notes } = await checkNamedFiles({ config, paths, env: process.env });
  const lacks = problems.map(({ path, message }) => `${path}: ${message}`);
  const settings = (result: Finding['result'], texts: readonly string[]) =>
    texts.map((text): Finding => ({ what: 'settings', result, text }));
  return [
    ...findings,
    ...settings('problem', lacks),
    ...settings('warning', notes),
    ...settings('warning', dangersOf(config, process.env)),
    await lookAtEye(config, paths),
  ];
}

/** How an eye is confined that is started as this command is; the services have a unit for theirs, which their environment names. */
async function lookAtEye(config: Config, paths: Paths): Promise<Finding> {
  const what = 'eye';
  try {
    const { models } = openModels({ config, paths });
    const settings = { camera: config.camera, faces: config.faces, models };
    const { confinement, unconfinedBecause: why, untried } = await eyeLauncher(settings, config.eye);
    if (untried !== undefined) return { what, result: 'warning', text: untried };
    if (why === undefined) return { what, result: 'ok', text: `confined: ${confinement}` };
    if (existsSync(SOCKET_OF_THE_SERVICES) && config.eye.socket === null)
      return { what, result: 'ok', text: `confined in a unit for the services; by hand not: ${why}` };
    return { what, result: 'warning', text: unconfinedDanger(why) };
  } catch (thrown) {
    return { what, result: 'problem', text: explain(thrown) };
  }
}

async function look(what: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return { what, result: 'ok', text: await act() };
  } catch (thrown) {
    return { what, result: 'problem', text: explain(thrown) };
  }
}

/** `kaimon doctor`: what is wrong or dangerous at this gate. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'find what is wrong or dangerous here: models, people, disk, settings and the files that they name (exit code 1 if something is wrong)',
    )
    .addHelpText('after', example('kaimon doctor --config /etc/kaimon/kaimon.yaml'))
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const findings = await examine(contextOf(options));
      const ok = findings.every(({ result }) => result !== 'problem');
      print(
        options,
        { ok, findings },
        findings.map(({ what, result, text }) => `${result.padEnd(7)}  ${what}: ${text}`),
      );
      process.exitCode = ok ? EXIT.yes : EXIT.no;
    });
}
