/** The folder in which the owner of a site keeps its keys: `site.key`, `trust.json`, and the private half of each key that was made here. */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, iso } from '../kit/clock.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { errnoOf } from '../kit/files/errno.js';
import { checkingKey, newSigningKey, PUBLIC_KEY, readSigningKey, type SigningKey } from './signing-key.js';
import {
  KEYS_MAX,
  type Role,
  type TrustedKey,
  type TrustList,
  trustedKeySchema,
  trustListSchema,
  trustText,
  whyTooLarge,
} from './trust-list.js';

const SITE_KEY = 'site.key';
const TRUST = 'trust.json';

/** The list of a folder, and the key of the site that signs it. */
export interface KeyFolder {
  readonly folder: string;
  readonly siteKey: SigningKey;
  readonly list: TrustList;
}

/** Makes a folder with a new key of the site and an empty list. @throws OperatingError KAIMON_KEYS, KAIMON_FILE_WRITE */
export async function newKeyFolder(folder: string, site: string, clock: Clock): Promise<KeyFolder> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const siteKey = await makeKeyFile(join(folder, SITE_KEY));
  const made = { folder, siteKey, list: signed({ site, serial: 0, keys: [] }, siteKey, clock) };
  await save(made);
  return made;
}

/** @throws OperatingError KAIMON_KEYS */
export async function openKeyFolder(folder: string): Promise<KeyFolder> {
  const siteKey = readSigningKey(await read(join(folder, SITE_KEY)), join(folder, SITE_KEY));
  return { folder, siteKey, list: await readTrustFile(join(folder, TRUST)) };
}

/** The list of a folder or file, without its key. The signature is not checked. @throws OperatingError KAIMON_KEYS */
export async function readTrustFile(file: string): Promise<TrustList> {
  const bytes = await read((await isFolder(file)) ? join(file, TRUST) : file);
  try {
    return trustListSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new OperatingError('KAIMON_KEYS', `${file} is not a list of keys: ${why}`, { cause });
  }
}

export interface NewKey {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly gates: readonly string[] | null;
  /** The public half of a key that was made elsewhere; undefined: one is made here. */
  readonly publicKey: string | undefined;
}

/** Adds a key to the list. @returns its file, undefined where the private half is elsewhere @throws OperatingError KAIMON_KEYS */
export async function addKey(
  opened: KeyFolder,
  { name, roles, gates, publicKey }: NewKey,
  clock: Clock,
): Promise<{ readonly opened: KeyFolder; readonly added: TrustedKey; readonly file: string | undefined }> {
  const { folder, list } = opened;
  if (list.keys.some((key) => key.name === name))
    throw fault(`"${name}" is in the list already: grant it other roles, or revoke it and choose another name`);
  if (list.keys.length >= KEYS_MAX) throw fault(`the list holds ${KEYS_MAX} keys, which is the most`);
  const head = trustedKeySchema.pick({ name: true }).safeParse({ name });
  if (head.error) throw fault(`"${name}" cannot be a name: ${head.error.issues[0]?.message}`);
  const file = publicKey === undefined ? join(folder, `${name}.key`) : undefined;
  const key = file === undefined ? foreign(publicKey ?? '') : await makeKeyFile(file);
  if (list.keys.some(({ id }) => id === key.id)) throw fault(`the key ${key.id} is in the list already`);
  const added = trustedKeySchema.parse({ id: key.id, name, publicKey: key.publicKey, roles, gates });
  return { opened: await changed(opened, [...list.keys, added], clock), added, file };
}

function foreign(publicKey: string): { readonly id: string; readonly publicKey: string } {
  try {
    if (!PUBLIC_KEY.test(publicKey)) throw new Error('44 characters of base64 are needed');
    return { id: checkingKey(publicKey).id, publicKey };
  } catch (cause) {
    throw fault(`${publicKey.slice(0, 60)} is no public Ed25519 key: ${messageOf(cause)}`, cause);
  }
}

/** Changes what is in the list of one name. @throws OperatingError KAIMON_KEYS */
export function changeKey(
  opened: KeyFolder,
  name: string,
  change: Partial<Pick<TrustedKey, 'roles' | 'gates' | 'revoked'>>,
  clock: Clock,
): Promise<KeyFolder> {
  const { keys } = opened.list;
  if (!keys.some((key) => key.name === name)) {
    const known = keys.map((key) => key.name).join(', ') || 'nobody';
    throw fault(`"${name}" is not in the list; known: ${known}`);
  }
  return changed(
    opened,
    keys.map((key) => (key.name === name ? { ...key, ...change } : key)),
    clock,
  );
}

/** Replaces the key of the site; the old one stays beside it as `site.key.old`. @throws OperatingError */
export async function renewSiteKey(opened: KeyFolder, clock: Clock): Promise<KeyFolder> {
  const file = join(opened.folder, SITE_KEY);
  await fs.rename(file, `${file}.old`);
  return changed({ ...opened, siteKey: await makeKeyFile(file) }, opened.list.keys, clock);
}

async function changed(opened: KeyFolder, keys: readonly TrustedKey[], clock: Clock): Promise<KeyFolder> {
  const { site, serial } = opened.list;
  const next = { ...opened, list: signed({ site, serial, keys }, opened.siteKey, clock) };
  // With room for the date of each: no key must be one that cannot be revoked any more.
  const fullest = { ...next.list, keys: keys.map((key) => ({ ...key, revoked: next.list.issued })) };
  const why = whyTooLarge(JSON.stringify(fullest));
  if (why !== undefined) throw fault(`the list would be too large: ${why}; name fewer gates (--gates)`);
  await save(next);
  return next;
}

function signed(
  { site, serial, keys }: { readonly site: string; readonly serial: number; readonly keys: readonly TrustedKey[] },
  siteKey: SigningKey,
  clock: Clock,
): TrustList {
  const list = { v: 1 as const, site, serial: serial + 1, issued: iso(clock.wall()), keys: [...keys], key: siteKey.id };
  return { ...list, signature: siteKey.sign(trustText(list)) };
}

const save = ({ folder, list }: KeyFolder): Promise<void> =>
  writeFileAtomic(join(folder, TRUST), [`${JSON.stringify(list)}\n`], { mode: 0o644 });

/** Never over another key: what that one is trusted with would be lost. */
async function makeKeyFile(file: string): Promise<SigningKey> {
  const { pem, key } = newSigningKey();
  try {
    await fs.writeFile(file, pem, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    const why = errnoOf(cause) === 'EEXIST' ? 'it is there already, and may be a key in use' : messageOf(cause);
    throw new OperatingError('KAIMON_FILE_WRITE', `cannot write ${file}: ${why}`, { cause });
  }
  return key;
}

async function read(file: string): Promise<Buffer> {
  try {
    return await fs.readFile(file);
  } catch (cause) {
    throw fault(`cannot read ${file}: ${messageOf(cause)}; \`kaimon keys new\` makes a folder of keys`, cause);
  }
}

const isFolder = (path: string): Promise<boolean> =>
  fs.stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const fault = (why: string, cause?: unknown): OperatingError => new OperatingError('KAIMON_KEYS', why, { cause });
