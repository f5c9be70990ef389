import { Command } from 'commander';
import { type CheckedConfig, ConfigMistakes } from '../config/check.js';
import { dangersOf } from '../config/dangers.js';
import { commentedYaml, configJsonSchema } from '../config/document.js';
import { configKeys, valueAt } from '../config/keys.js';
import { findConfigFile, type LoadedConfig, loadConfig } from '../config/load.js';
import { resolvePaths } from '../config/paths.js';
import { ConfigError, describeOrigin, describeValue, type Problem } from '../config/problem.js';
import { checkSurroundings } from '../doctor/config-surroundings.js';
import { EXIT } from '../kit/errors.js';
import { type MigrateOptions, migrate } from './config-migrate.js';
import { type CommonOptions, example, print } from './context.js';

type Options = CommonOptions;

const load = (options: Options): LoadedConfig => loadConfig({ file: options.config, env: process.env });

/** What can be believed of the configuration, and every mistake in the rest of it. @throws ConfigError where nothing can be */
function loadAnyway(options: Options) {
  try {
    return { believed: load(options) as CheckedConfig, wrong: new Set<string>(), mistakes: [] };
  } catch (thrown) {
    if (!(thrown instanceof ConfigMistakes)) throw thrown;
    return { believed: thrown.rest, wrong: thrown.wrong, mistakes: thrown.problems };
  }
}

const nameOf = (file: string | null): string => file ?? 'the defaults (no configuration file)';

async function check(options: Options): Promise<void> {
  let notes: readonly string[] = [];
  let warnings: readonly string[] = [];
  try {
    const { believed, wrong, mistakes } = loadAnyway(options);
    const around = await surroundingsOf(believed, wrong, options);
    notes = around.notes;
    // A file that is not there is a problem of its own.
    warnings = dangersOf(believed.config, process.env).filter((danger) => !danger.startsWith('secret-missing:'));
    const problems = [...mistakes, ...around.problems];
    if (problems.length > 0) throw new ConfigError(problems);
    const file = findConfigFile(options.config, process.env);
    print(options, { ok: true, file, problems: [], notes, warnings }, [
      `${nameOf(file)}: in order`,
      ...notes.map((note) => `note: ${note}`),
      ...warnings.map((warning) => `warning: ${warning}`),
    ]);
  } catch (error) {
    if (!options.json || !(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(({ path, origin, message }) => ({
      path,
      where: describeOrigin(origin),
      message,
    }));
    print(options, { ok: false, file: findConfigFile(options.config, process.env), problems, notes, warnings }, []);
    process.exitCode = EXIT.usage;
  }
}

async function surroundingsOf(
  { config, originOf }: CheckedConfig,
  wrong: ReadonlySet<string>,
  { state, config: file }: Options,
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly string[] }> {
  const configFile = findConfigFile(file, process.env);
  const paths = resolvePaths({ env: process.env, stateOption: state, configFile });
  const { problems, notes } = await checkSurroundings({ config, paths, env: process.env, wrong });
  return { problems: problems.map((problem) => ({ ...problem, origin: originOf(problem.path) })), notes };
}

function show(options: Options): void {
  const loaded = load(options);
  const rows = configKeys.map(({ name, path }) => ({
    name,
    value: valueAt(loaded.config, path),
    origin: describeOrigin(loaded.originOf(name)),
  }));
  const origins = Object.fromEntries(rows.map(({ name, origin }) => [name, origin]));
  const wide = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, value, origin }) => `${name.padEnd(wide)}  ${describeValue(value)}  (${origin})`);
  print(options, { file: loaded.file, config: loaded.config, origins }, lines);
}

function schema({ yaml }: { readonly yaml?: boolean }): void {
  const document = yaml ? commentedYaml() : JSON.stringify(configJsonSchema(), null, 2);
  process.stdout.write(document.endsWith('\n') ? document : `${document}\n`);
}

const subcommand = (name: string, description: string): Command =>
  new Command(name).description(description).option('--config <file>', 'configuration file');

/** `kaimon config check|show|migrate|schema`: is the configuration in order, what is in force and why, what could stand there. */
export function configCommand(): Command {
  return new Command('config')
    .description('check, show and describe the configuration')
    .addCommand(
      subcommand(
        'check',
        'find every mistake in file and environment, and what they name and is not there (exit code 2 if there is one)',
      )
        .option('--json', 'print one JSON document')
        .addHelpText('after', example('kaimon config check --config /etc/kaimon/kaimon.yaml'))
        .action((_options: Options, command: Command) => check(command.optsWithGlobals<Options>())),
    )
    .addCommand(
      subcommand('show', 'print each key with its value in force and where the value comes from')
        .option('--json', 'print one JSON document')
        .addHelpText('after', example('kaimon config show | grep -v default'))
        .action((_options: Options, command: Command) => show(command.optsWithGlobals<Options>())),
    )
    .addCommand(
      subcommand('migrate', 'rewrite keys of earlier versions, comments kept, and show what changes')
        .argument('[file]', 'the file, in place of --config')
        .option('--write', 'change the file; a copy stays beside it')
        .option('--json', 'print one JSON document')
        .addHelpText('after', example('kaimon config migrate /etc/kaimon/kaimon.yaml', 'kaimon config migrate --write'))
        .action((file: string | undefined, _options: MigrateOptions, command: Command) =>
          migrate(file, command.optsWithGlobals<MigrateOptions>()),
        ),
    )
    .addCommand(
      new Command('schema')
        .description('print the JSON Schema of the configuration, for editors')
        .option('--json', 'print JSON (it always is)')
        .option('--yaml', 'print a commented file with every key and its default instead')
        .addHelpText('after', example('kaimon config schema > kaimon.schema.json'))
        .action(schema),
    );
}
