import { Command } from 'commander';
import { z } from 'zod';
import { findConfigFile, sectionAsWritten } from '../config/load.js';
import { openVault, readSealKey } from '../config/open-vault.js';
import { resolvePaths } from '../config/paths.js';
import { EXIT } from '../kit/errors.js';
import { Vault } from '../kit/sealing/vault.js';
import { VERSION } from '../kit/version.js';
import { carryRemovals } from '../stored/carry-removals.js';
import { checkData, type DataReport } from '../stored/data-check.js';
import { type CommonOptions, example, print } from './context.js';

/** `kaimon data …`: the formats of what is stored. */
export function dataCommand(): Command {
  const command = new Command('data').description('the formats of what the state folder holds');
  command
    .command('check')
    .description(
      'whether this version can go on with the people, journal and state that are there; changes nothing (exit code 1: it cannot)',
    )
    .addHelpText('after', example('kaimon data check --state /var/lib/kaimon', 'kaimon data check --json'))
    .action(check);
  command
    .command('carry-removals')
    .argument('<folder>', 'where the older people.json lies')
    .description(
      'takes who was removed here over into the people.json of an older version, in its own format, before that is put back (scripts/deploy does it)',
    )
    .addHelpText('after', example('kaimon data carry-removals /root/before --state /var/lib/kaimon'))
    .action(carry);
  return command;
}

/** Asks for no configuration: that of another version may be one that this one refuses. */
async function check(_options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<CommonOptions>();
  const report = await checkData(stateOf(options), { vault: vaultOf(options) });
  print(options, { ...report, version: VERSION }, linesOf(report));
  process.exitCode = report.ok ? EXIT.yes : EXIT.no;
}

/** As {@link check}, without a configuration. */
async function carry(folder: string, _options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<CommonOptions>();
  const carried = await carryRemovals(stateOf(options), folder, vaultOf(options));
  print(options, { ok: true, carried }, [`${carried} removals were taken over into ${folder}`]);
}

const stateOf = ({ state, config }: CommonOptions): string =>
  resolvePaths({ env: process.env, stateOption: state, configFile: findConfigFile(config, process.env) }).state;

const storageSchema = z.object({
  sealKeyFile: z.string().nullable().catch(null).default(null),
  oldSealKeyFiles: z.array(z.string()).catch([]).default([]),
});

/** With the key that is given, or that the configuration names where it can be had from here; the rest of the configuration is not judged. */
function vaultOf({ config: file, sealKey }: CommonOptions): Vault {
  if (sealKey !== undefined) return Vault.sealing(readSealKey(sealKey, '--seal-key', process.env));
  const { data } = storageSchema.safeParse(sectionAsWritten('storage', { file, env: process.env }));
  return data ? openVault(data, process.env) : Vault.plain();
}

function linesOf({ ok, state, writtenBy, documents, sealed }: DataReport): readonly string[] {
  const wide = Math.max(0, ...documents.map(({ file }) => file.length));
  const rows = documents.map(({ file, format, result, text }) =>
    [file.padEnd(wide), `format ${format ?? '?'}`, result.padEnd(8), text].join('  '),
  );
  const by = writtenBy === null ? '' : `, written last by Kaimon ${writtenBy}`;
  const unseen = sealed === 0 ? '' : `, as far as can be told: ${sealed} files are sealed and were not looked into`;
  const end = ok
    ? `Kaimon ${VERSION} can go on with it${unseen}`
    : `Kaimon ${VERSION} cannot go on with it: nothing was changed`;
  return [...rows, `${state}${by}: ${documents.length === 0 ? 'nothing is stored there' : end}`];
}
