import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { readSealKey } from '../config/open-vault.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/errno.js';
import { renewSealAnyway } from '../kit/files/renew-seal.js';
import { removeFolderWiped } from '../kit/files/wipe.js';
import { KEY_BYTES, keyText, makeSealKey } from '../kit/sealing/seal-key.js';
import { Vault } from '../kit/sealing/vault.js';
import { systemClock as clock } from '../kit/system-clock.js';
import { openModels } from '../models/open-models.js';
import { openPassages } from '../passback/passages-file.js';
import { evidenceFolder, renewPictures } from '../report/attack-pictures.js';
import { FINISHED, STAGED } from '../store/people-file.js';
import { purposeOf } from '../stored/read-stored.js';
import { type CommonOptions, type Context, contextOf, example, print } from './context.js';
import { journalOf } from './erase.js';
import { withStore } from './people-source.js';
import { sealedFiles, setAside } from './sealed-files.js';

/** `kaimon seal …`: the key of what tells of people on the disk, and what is sealed. */
export function sealCommand(): Command {
  const command = new Command('seal').description('seal people, passages and pictures on the disk with a key');
  command
    .command('new-key')
    .description('make a key; keep a copy of it where no thief of the gate finds it')
    .requiredOption('--out <file>', 'a new file, readable by you alone; - writes to standard output')
    .addHelpText('after', example('kaimon seal new-key --out /etc/kaimon/seal.key'))
    .action(newKey);
  const add = (name: string, description: string, act: (context: Context, options: CommonOptions) => Promise<void>) =>
    command
      .command(name)
      .description(description)
      .addHelpText('after', example(`kaimon seal ${name} --config /etc/kaimon/kaimon.yaml`))
      .action(async (_own: unknown, self: Command) => {
        const options = self.optsWithGlobals<CommonOptions>();
        await act(contextOf(options), options);
      });
  add('status', 'which files are sealed, and with which key', status);
  add('now', 'with the daemon stopped: seal what is plain or of an older key, as each start does', (context, options) =>
    // Also where storage.refusePlain keeps the gate from it: whoever asks for it by hand has put it there.
    renewAll({ ...context, vault: context.vault.acceptingPlain() }, options),
  );
  command
    .command('cat <file>')
    .description('what a sealed file holds, a picture of an attack for instance, on standard output')
    .addHelpText('after', example('kaimon seal cat /var/lib/kaimon/evidence/NAME.jpg > picture.jpg'))
    .action(async (file: string, _own: unknown, self: Command) => {
      const { vault } = contextOf(self.optsWithGlobals<CommonOptions>());
      const { bytes } = await vault.opened(purposeOf(file), await readFile(file), file);
      process.stdout.write(bytes);
    });
  add('off', 'with the daemon stopped: make all plain again; afterwards take storage.sealKeyFile out', off);
  return command;
}

async function newKey(_own: unknown, self: Command): Promise<void> {
  const options = self.optsWithGlobals<CommonOptions & { readonly out: string }>();
  const secret = randomBytes(KEY_BYTES);
  const { id } = makeSealKey(secret);
  if (options.out === '-') {
    process.stdout.write(keyText(secret));
    return;
  }
  try {
    // Never over another key: what that one sealed would be lost.
    await writeFile(options.out, keyText(secret), { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    const why = errnoOf(cause) === 'EEXIST' ? 'it is there already, and may be a key in use' : messageOf(cause);
    throw new OperatingError('KAIMON_FILE_WRITE', `cannot write ${options.out}: ${why}`, { cause });
  }
  print(options, { key: id, file: options.out }, [
    `the key ${id} is in ${options.out}: name it with storage.sealKeyFile, and keep a copy elsewhere. Without it what is sealed is lost`,
  ]);
}

async function status({ paths, vault }: Context, options: CommonOptions): Promise<void> {
  const files = await sealedFiles(paths.state);
  const key = vault.keyId ?? null;
  const now = vault.fault
    ? vault.fault.message
    : key === null
      ? 'nothing is sealed here'
      : `sealed with the key ${key}`;
  print(options, { key, fault: vault.fault?.message ?? null, files }, [
    now,
    ...files.map((file) => `${file.key === null ? 'plain           ' : file.key}  ${file.file}`),
  ]);
}

/** Writes all files anew that are not as the vault has them. @throws OperatingError KAIMON_PEOPLE_LOCKED, KAIMON_SEAL_KEY */
async function renewAll(context: Context, options: CommonOptions): Promise<void> {
  const { paths, vault, log } = context;
  if (vault.fault) throw vault.fault;
  const { encoder } = openModels(context);
  // Opening the store seals the people; while it is open no daemon has it.
  await withStore(
    context,
    encoder,
    async () => {
      await (await openPassages(paths.state, { clock, log, vault })).close();
      await renewPictures(evidenceFolder(paths.state), vault, log);
      for (const file of await setAside(paths.state)) await renewSealAnyway(file, purposeOf(file), vault, log);
      // Nobody restores now: whoever does has the people locked.
      for (const left of [STAGED, FINISHED]) await removeFolderWiped(join(paths.state, left));
      const journal = await journalOf(context);
      try {
        await journal.renewSeals();
      } finally {
        await journal.close();
      }
    },
    { acceptOtherEncoder: true },
  );
  const files = await sealedFiles(paths.state);
  const left = files.filter(({ key }) => key !== (vault.keyId ?? null));
  if (left.length > 0)
    throw new OperatingError(
      'KAIMON_SEAL_KEY',
      `not all could be changed: ${left.map(({ file, key }) => `${basename(file)} (${key ?? 'plain'})`).join(', ')}`,
    );
  const how = vault.keyId === undefined ? 'plain' : `sealed with the key ${vault.keyId}`;
  print(options, { key: vault.keyId ?? null, files: files.length }, [`${files.length} files are ${how}`]);
}

/** Turning it off is a wish of its own: a key that is not there must never unseal anything. */
async function off(context: Context, options: CommonOptions): Promise<void> {
  const { storage } = context.config;
  const given = [options.sealKey ?? storage.sealKeyFile, ...storage.oldSealKeyFiles].filter((file) => file !== null);
  if (given.length === 0) throw new OperatingError('KAIMON_USAGE', 'no key is given: nothing can be made plain');
  const keys = given.map((file) => readSealKey(file, '--seal-key, storage', process.env));
  await renewAll({ ...context, vault: Vault.plain(keys) }, options);
}
