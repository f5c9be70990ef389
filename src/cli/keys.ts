import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  addKey,
  changeKey,
  type KeyFolder,
  newKeyFolder,
  openKeyFolder,
  readTrustFile,
  renewSiteKey,
} from '../keys/key-folder.js';
import { ROLES, type Role, type TrustedKey, type TrustList } from '../keys/trust-list.js';
import { iso, wallMs } from '../kit/clock.js';
import { KEY_BYTES, keyText } from '../kit/sealing/seal-key.js';
import { systemClock as clock } from '../kit/system-clock.js';
import { nameSchema } from '../site/topics.js';
import { type CommonOptions, example, print } from './context.js';

const SEAL_FILE = 'site-seal.key';

/** `kaimon keys …`: who is trusted at the broker. Works on a folder of its owner's, not on a gate. */
export function keysCommand(): Command {
  const command = new Command('keys').description(
    'the keys of a site: who may ask its gates for what (docs/keys.md); on the computer of their owner, not on a gate',
  );
  command
    .command('new')
    .argument('<folder>', 'a new folder: keep it, and a copy of it, away from the gates')
    .requiredOption('--site <name>', 'the name of the site, as in the configuration of its gates', siteName)
    .description('make the key of a site, a secret that seals its people at the broker, and an empty list')
    .addHelpText('after', example('kaimon keys new ~/keys --site home'))
    .action(makeNew);
  command
    .command('add')
    .argument('<folder>')
    .argument('<name>', 'of a client or a gate: it stands in the journal')
    .addOption(roleOption().makeOptionMandatory())
    .option('--gates <name...>', 'the gates that it may ask; otherwise all of them', siteNames)
    .option('--public <key>', 'its public key, where the private one was made elsewhere')
    .description('make a key for a client or a gate, and put it into the list')
    .addHelpText(
      'after',
      example('kaimon keys add ~/keys office --role enrol remove', 'kaimon keys add ~/keys north --role gate'),
    )
    .action(add);
  command
    .command('grant')
    .argument('<folder>')
    .argument('<name>')
    .addOption(roleOption().makeOptionMandatory())
    .description('give a key just these roles in place of those that it has')
    .addHelpText('after', example('kaimon keys grant ~/keys office --role enrol remove read'))
    .action(async (folder: string, name: string, _own: unknown, self: Command) => {
      const { role, ...options } = self.optsWithGlobals<CommonOptions & { readonly role: readonly Role[] }>();
      told(options, await changeKey(await openKeyFolder(folder), name, { roles: [...role] }, clock));
    });
  command
    .command('revoke')
    .argument('<folder>')
    .argument('<name>')
    .option('--at <time>', 'from when on nothing of it counts, ISO 8601 UTC; now by default', time)
    .description('take all trust from a key')
    .addHelpText(
      'after',
      example('kaimon keys revoke ~/keys office', 'kaimon keys revoke ~/keys guard --at 2027-01-31T23:00:00Z'),
    )
    .action(async (folder: string, name: string, _own: unknown, self: Command) => {
      const { at, ...options } = self.optsWithGlobals<CommonOptions & { readonly at?: string }>();
      told(options, await changeKey(await openKeyFolder(folder), name, { revoked: at ?? iso(clock.wall()) }, clock));
    });
  command
    .command('renew-site')
    .argument('<folder>')
    .description('make a new key of the site; first its public half is to be added at all gates')
    .addHelpText('after', example('kaimon keys renew-site ~/keys'))
    .action(async (folder: string, _own: unknown, self: Command) => {
      const renewed = await renewSiteKey(await openKeyFolder(folder), clock);
      const { publicKey } = renewed.siteKey;
      told(self.optsWithGlobals<CommonOptions>(), renewed, [`siteKeys of the gates: "${publicKey}"`], { publicKey });
    });
  command
    .command('list', { isDefault: true })
    .argument('<folder>', 'the folder, or a trust.json')
    .description('who is trusted with what')
    .addHelpText('after', example('kaimon keys list ~/keys'))
    .action(async (folder: string, _own: unknown, self: Command) => {
      const list = await readTrustFile(folder);
      print(self.optsWithGlobals<CommonOptions>(), list, linesOf(list));
    });
  return command;
}

const roleOption = (): Option => new Option('--role <role...>', `what it may: ${ROLES.join(', ')}`).choices(ROLES);

function siteName(text: string): string {
  if (nameSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError('A name has 1–32 characters of a–z, 0–9, "_", "-".');
}

const siteNames = (text: string, before: readonly string[] = []): readonly string[] => [...before, siteName(text)];

function time(text: string): string {
  const ms = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT.*Z$/.test(text) && Number.isFinite(ms)) return iso(wallMs(ms));
  throw new InvalidArgumentError('A time such as 2027-01-31T23:00:00Z is needed.');
}

async function makeNew(folder: string, _own: unknown, self: Command): Promise<void> {
  const { site, ...options } = self.optsWithGlobals<CommonOptions & { readonly site: string }>();
  const made = await newKeyFolder(folder, site, clock);
  const sealFile = join(folder, SEAL_FILE);
  await writeFile(sealFile, keyText(randomBytes(KEY_BYTES)), { mode: 0o600, flag: 'wx', flush: true });
  const { publicKey } = made.siteKey;
  print(options, { publicKey, folder, sealFile, serial: made.list.serial }, [
    'In the configuration of each gate:',
    'keys:',
    `  siteKeys: ["${publicKey}"]`,
    '  ownKeyFile: /etc/kaimon/keys/GATE.key      # kaimon keys add FOLDER GATE --role gate',
    `  sealKeyFile: /etc/kaimon/keys/${SEAL_FILE}`,
    `${join(folder, 'site.key')} signs the list of keys. It belongs on no gate; keep a copy of the folder elsewhere`,
  ]);
}

interface AddOptions extends CommonOptions {
  readonly role: readonly Role[];
  readonly gates?: readonly string[];
  readonly public?: string;
}

async function add(folder: string, name: string, _own: unknown, self: Command): Promise<void> {
  const { role, gates, public: publicKey, ...options } = self.optsWithGlobals<AddOptions>();
  const opened = await openKeyFolder(folder);
  const {
    opened: next,
    added,
    file,
  } = await addKey(opened, { name, roles: role, gates: gates ?? null, publicKey }, clock);
  const where = file === undefined ? [] : [`the private key is in ${file}: bring it to "${name}", and remove it here`];
  told(options, next, where, { id: added.id, publicKey: added.publicKey, file: file ?? null });
}

function told(
  options: CommonOptions,
  { folder, list }: KeyFolder,
  lines: readonly string[] = [],
  facts: object = {},
): void {
  const { site, serial } = list;
  print(options, { ...facts, serial }, [
    ...lines,
    `the list has the number ${serial}; give it to the site:`,
    `mosquitto_pub -r -q 1 -t kaimon/${site}/keys -f ${join(folder, 'trust.json')}`,
  ]);
}

const linesOf = ({ site, serial, issued, key, keys }: TrustList): readonly string[] => [
  `site ${site}, list ${serial} of ${issued}, signed by ${key}`,
  ...keys.map(lineOf),
];

const lineOf = ({ id, name, roles, gates, revoked }: TrustedKey): string =>
  `${id}  ${name}: ${roles.join(', ') || 'nothing'}${gates ? `, at ${gates.join(', ') || 'no gate'}` : ''}${revoked ? `, revoked from ${revoked} on` : ''}`;
