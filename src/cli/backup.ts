import { existsSync, statSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import {
  type BackupKey,
  type BackupLock,
  newIdentity,
  readIdentities,
  readPassphrase,
  readRecipients,
} from '../backup/age-file.js';
import { type MadeBackup, makeBackup } from '../backup/make-backup.js';
import type { Manifest } from '../backup/manifest.js';
import { backupName, removeOlder, removeUnfinished, type Tidied } from '../backup/older-backups.js';
import { type BackupReport, readBackup } from '../backup/read-backup.js';
import { FILE_BYTES_MAX, findConfigFile } from '../config/load.js';
import { readSecret, secretPath } from '../config/secret.js';
import type { SignatureCheck, Signer } from '../journal/head.js';
import { signatureCheckOf, signerOf } from '../journal/signing.js';
import { EXIT, messageOf, OperatingError } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { systemClock } from '../kit/system-clock.js';
import { notInBackup } from '../models/added/bring-along.js';
import { loadManifest } from '../models/model-files.js';
import { openModels } from '../models/open-models.js';
import { NO_ENCODER } from '../person/person.js';
import { readKey } from './audit.js';
import { type CommonOptions, type Context, contextOf, example, print } from './context.js';
import { wholeNumber } from './options.js';

interface MakeOptions extends CommonOptions {
  readonly recipient?: readonly string[];
  readonly recipientsFile?: string;
  readonly passphraseFile?: string;
  readonly evidence?: boolean;
  readonly unsigned?: boolean;
  readonly keep?: number;
}

export interface OpenOptions extends CommonOptions {
  readonly identity?: string;
  readonly passphraseFile?: string;
  readonly key?: string;
}

/** Backups in one folder, at most. */
const KEEP_MAX = 10_000;

/** `kaimon backup …`: makes, checks and prepares backups; beside a running daemon, too. */
export function backupCommand(): Command {
  const command = new Command('backup').description(
    'make and check encrypted backups of this gate, also while it runs',
  );
  command
    // "kaimon backup DIR" is enough.
    .command('make', { isDefault: true })
    .description('write people, journal and state of this gate into one encrypted file, also while the gate runs')
    .argument('<to>', 'the file, or a folder, in which the file gets a name of site, gate and time')
    .option('--recipient <key...>', 'public keys (age1…) that can open it')
    .option('--recipients-file <file>', 'file with public keys, one a line')
    .addOption(passphraseOption())
    .option('--evidence', 'with the pictures of attacks')
    .option('--unsigned', 'where journal.keyFile is set and cannot be read here: do not sign it')
    .option('--keep <n>', 'in a folder: remove older backups of this gate, but for so many', wholeNumber(1, KEEP_MAX))
    .addHelpText(
      'after',
      example(
        'kaimon backup /mnt/stick --recipients-file /etc/kaimon/backup.pub --keep 30',
        'kaimon backup gate.age --passphrase-file secret.txt',
      ),
    )
    .action(make);
  addOpening(command.command('verify').argument('<file>', 'the backup'))
    .description(
      'whether a backup is whole, and its journal with it; changes nothing (exit code 1 if the journal has faults)',
    )
    .addHelpText('after', example('kaimon backup verify gate.age --identity backup.key --key journal.pub'))
    .action(verify);
  command
    .command('keygen')
    .description('make a key for backups on the computer that keeps them, and print its public half for the gates')
    .argument('<file>', 'the file for the secret half; it must not exist')
    .addHelpText('after', example('kaimon backup keygen backup.key > backup.pub'))
    .action(keygen);
  return command;
}

const passphraseOption = (): Option =>
  new Option('--passphrase-file <file>', 'file whose first line is the passphrase, 16 characters or more');

/** `--identity`, `--passphrase-file`, `--key`: what opens a backup and proves whose it is. */
export const addOpening = (command: Command): Command =>
  command
    .option('--identity <file>', 'the secret key that opens it (age-keygen, kaimon backup keygen)')
    .addOption(passphraseOption())
    .option(
      '--key <file>',
      "the public key of the journal of the gate that made it, in PEM; otherwise this gate's own",
    );

async function make(to: string, _options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<MakeOptions>();
  const lock = lockOf(options);
  const context = contextOf(options);
  const { config, paths } = context;
  // The daemon comes first.
  setPriority(constants.priority.PRIORITY_LOW);
  const folder = existsSync(to) && statSync(to).isDirectory();
  if (!folder && options.keep !== undefined)
    throw new OperatingError('KAIMON_USAGE', `--keep needs a folder, and ${to} is none`);
  const file = folder ? join(to, backupName(config, systemClock)) : to;
  const encoder = encoderOf(context);
  if (folder) await removeUnfinished(to, config, systemClock);
  const made = await makeBackup(resolve(file), {
    state: paths.state,
    vault: context.vault,
    site: config.site,
    gate: config.gate,
    encoder,
    config: configText(options),
    evidence: options.evidence === true,
    lock,
    ...signing(context, options.unsigned === true),
    clock: systemClock,
  });
  const tidied = options.keep === undefined ? NOTHING : await removeOlder(made.file, config, options.keep);
  // Where the networks cannot be read, the backup is made all the same: which were added is not known then.
  const without = encoder === null ? [] : notInBackup(loadManifest(undefined, context.networks), config.encoder);
  print(options, { ...made, ...tidied, without }, [...linesOfMade(made, tidied), ...without]);
}

function lockOf({ recipient = [], recipientsFile, passphraseFile }: MakeOptions): BackupLock {
  const recipients = [...recipient, ...(recipientsFile === undefined ? [] : readRecipients(recipientsFile))];
  if (passphraseFile !== undefined && recipients.length === 0)
    return { kind: 'passphrase', passphrase: readPassphrase(passphraseFile, { fresh: true }) };
  if (passphraseFile === undefined && recipients.length > 0) return { kind: 'recipients', recipients };
  const why = 'give either --recipient or --recipients-file, or --passphrase-file: a backup is always encrypted';
  throw new OperatingError('KAIMON_USAGE', why);
}

/** The encoder of the gate; null where its networks are not known. */
export function encoderOf({ config, paths }: Context): string | null {
  const { encoder } = openModels({ config, paths });
  return encoder === NO_ENCODER ? null : encoder;
}

function configText(options: CommonOptions): string | undefined {
  const file = findConfigFile(options.config, process.env);
  return file === null ? undefined : readPlainFileSync(file, FILE_BYTES_MAX).toString('utf8');
}

function signing(
  { config }: Context,
  unsigned: boolean,
): { readonly signer: Signer | undefined; readonly check: SignatureCheck | undefined } {
  const { keyFile } = config.journal;
  if (keyFile === null || unsigned) return { signer: undefined, check: undefined };
  const pem = readSecret(keyFile, 'journal.keyFile', process.env);
  const path = secretPath(keyFile, process.env);
  return { signer: signerOf(pem, path), check: signatureCheckOf(pem, path) };
}

async function verify(file: string, _options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<OpenOptions>();
  const report = await readBackup(file, { key: keyOf(options), check: checkOf(options) });
  const ok = (report.journal?.faults.length ?? 0) === 0 && report.signature.result !== 'invalid';
  print(options, { ok, ...report }, linesOf(file, report));
  process.exitCode = ok ? EXIT.yes : EXIT.no;
}

export function keyOf({ identity, passphraseFile }: OpenOptions): BackupKey {
  if (identity !== undefined && passphraseFile === undefined)
    return { kind: 'identities', identities: readIdentities(identity) };
  if (identity === undefined && passphraseFile !== undefined)
    return { kind: 'passphrase', passphrase: readPassphrase(passphraseFile) };
  throw new OperatingError('KAIMON_USAGE', 'give either --identity or --passphrase-file: a backup is encrypted');
}

export const checkOf = ({ key }: OpenOptions): SignatureCheck | undefined =>
  key === undefined ? undefined : signatureCheckOf(readKey(key), key);

async function keygen(file: string, _options: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<CommonOptions>();
  if (existsSync(file)) throw new OperatingError('KAIMON_USAGE', `${file} is there already: name another file`);
  const { identity, recipient } = await newIdentity();
  try {
    await writeFileAtomic(resolve(file), [`# public key: ${recipient}\n${identity}\n`]);
  } catch (thrown) {
    throw new OperatingError('KAIMON_FILE_WRITE', messageOf(thrown), { cause: thrown });
  }
  print(options, { recipient }, [recipient]);
}

export function contentLines({ site, gate, time, kaimon, encoder, people, journal }: Manifest): readonly string[] {
  return [
    `gate ${gate} of the site ${site}, ${time}, by Kaimon ${kaimon}${encoder === null ? '' : `, encoder ${encoder}`}`,
    people === null ? 'no people' : `${people.enrolled} people, ${people.removed} removals`,
    journal === null ? 'no journal' : `journal: ${journal.entries} entries, to ${journal.n} ${journal.hash}`,
  ];
}

export const signatureLine = ({ signature }: BackupReport): string =>
  signature.result === 'none' ? 'not signed' : `signature of key ${signature.key ?? 'unknown'}: ${signature.result}`;

const faultsLine = (faults: number): readonly string[] =>
  faults === 0 ? [] : [`the journal in it has ${faults} faults: "kaimon audit verify" names them`];

const linesOf = (file: string, report: BackupReport): readonly string[] => [
  ...contentLines(report.manifest),
  signatureLine(report),
  ...faultsLine(report.journal?.faults.length ?? 0),
  `${file} is whole: ${report.manifest.members.length} files`,
];

const NOTHING: Tidied = { removed: 0, later: [] };

const linesOfMade = (
  { file, bytes, manifest, verified, signed }: MadeBackup,
  { removed, later }: Tidied,
): readonly string[] => [
  ...contentLines(manifest),
  signed ? 'signed with the key of the journal' : 'not signed',
  ...faultsLine(manifest.journal?.faults ?? 0),
  `${file}: ${bytes} bytes, ${verified === 'whole' ? 'opened again and checked' : 'read back; only the secret key can open it'}`,
  ...(removed > 0 ? [`${removed} older backups removed`] : []),
  ...(later.length > 0
    ? [`WARNING: ${later.length} backups are named later than this one and were let be; check the clock: ${later[0]}`]
    : []),
];
