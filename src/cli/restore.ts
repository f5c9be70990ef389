import { Command } from 'commander';
import { becomeOwnerOf } from '../backup/own-user.js';
import { openBackup } from '../backup/read-backup.js';
import { type Restored, restoreBackup } from '../backup/restore.js';
import { readSecret, secretPath } from '../config/secret.js';
import type { SignatureCheck } from '../journal/head.js';
import { signatureCheckOf } from '../journal/signing.js';
import { explain } from '../kit/errors.js';
import { systemClock } from '../kit/system-clock.js';
import { encoderToBring } from '../models/added/bring-along.js';
import { loadManifest } from '../models/model-files.js';
import { addOpening, checkOf, contentLines, encoderOf, keyOf, type OpenOptions, signatureLine } from './backup.js';
import { type Context, contextOf, example, print } from './context.js';

interface Options extends OpenOptions {
  readonly gateName?: string;
  readonly unsigned?: boolean;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

/** `kaimon restore FILE`: at a gate that is stopped. */
export function restoreCommand(): Command {
  return addOpening(new Command('restore').argument('<file>', 'the backup'))
    .description(
      'restore a backup at this gate, of it or of another gate of the same site, while the daemon is stopped',
    )
    .option('--gate-name <name>', 'the name of this gate, in place of the configuration')
    .option('--unsigned', 'take a backup that is not signed, or whose signature cannot be checked here')
    .option('--replace', 'keep people and journal that are here aside, in place of refusing')
    .option('--dry-run', 'read and check all of it, say what would be done, and change nothing')
    .addHelpText(
      'after',
      example(
        'kaimon restore gate.age --identity backup.key --key journal.pub --dry-run',
        'kaimon restore gate.age --passphrase-file secret.txt --replace',
      ),
    )
    .action(restore);
}

async function restore(file: string, _options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<Options>();
  const key = keyOf(options);
  const context = contextOf(options, { gate: options.gateName });
  const { state } = context.paths;
  const given = {
    state,
    // What is there is replaced or refused by the person who restores, and what is restored is written sealed.
    vault: context.vault.acceptingPlain(),
    config: context.config,
    key,
    check: checkOf(options),
    ownCheck: ownCheck(context),
    unsigned: options.unsigned === true,
    replace: options.replace === true,
    dryRun: options.dryRun === true,
    encoder: encoderOf(context),
    clock: systemClock,
    log: context.log,
  };
  // Where the networks are not known here that is what start and doctor say.
  const networks = given.encoder === null ? undefined : loadManifest(undefined, context.networks);
  const handle = await openBackup(file);
  // With sudo all keys are read by now; what is left is the work of the user to whom the state folder belongs.
  await becomeOwnerOf(state);
  const restored = await restoreBackup(file, { ...given, handle }).finally(() => handle.close());
  const { people, ...rest } = restored;
  const { text: _text, stayRemoved: _ids, ...counts } = people;
  const { encoder } = restored.report.manifest;
  const missing = encoder === null || !networks ? undefined : encoderToBring(networks, encoder);
  const warnings = [...restored.warnings, ...(missing === undefined ? [] : [missing])];
  print(options, { ...rest, warnings, people: counts }, linesOf({ ...restored, warnings }));
}

/** This gate's own key: its own backups are signed with it. */
function ownCheck({ config, log }: Context): SignatureCheck | undefined {
  const { keyFile } = config.journal;
  if (keyFile === null) return undefined;
  try {
    return signatureCheckOf(readSecret(keyFile, 'journal.keyFile', process.env), secretPath(keyFile, process.env));
  } catch (thrown) {
    log.warn({ why: explain(thrown) }, 'the signature cannot be checked with journal.keyFile: --key');
    return undefined;
  }
}

function linesOf(restored: Restored): readonly string[] {
  const { report, people, archive, forgotten, warnings, done } = restored;
  const { manifest, journal } = report;
  const since = people.removedSince > 0 ? `, ${people.removedSince} removed here since then stay removed` : '';
  return [
    ...contentLines(manifest),
    signatureLine(report),
    ...(journal && !journal.ok ? [`the journal in it has ${journal.faults.length} faults, which stay`] : []),
    `${people.enrolled} people${since}`,
    ...(people.withoutTemplate > 0
      ? [
          `${people.withoutTemplate} of them have no template of the encoder in use and must be enrolled again (or "kaimon people reencode DIR")`,
        ]
      : []),
    ...(people.replaced === null ? [] : [`${people.replaced} people that were here are kept aside`]),
    ...(forgotten > 0
      ? [`${forgotten} entries of its journals tell of people who were removed here since: that stays erased`]
      : []),
    ...warnings.map((text) => `WARNING: ${text}`),
    journalLine(restored),
    ...(archive === null ? [] : [`the other journal: kaimon audit show --archive ${archive}`]),
    done ? 'restored: start the daemon' : 'nothing was changed (--dry-run)',
  ];
}

function journalLine({ report, sameGate }: Restored): string {
  if (!report.manifest.journal) return "the backup has no journal: this gate's own goes on, with an entry that says so";
  return sameGate
    ? 'the journal goes on from where the backup ends, with an entry that says so'
    : "the journal of that gate stands beside this gate's own, which notes it";
}
