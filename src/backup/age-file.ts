/** Encryption of backups: age files (age-encryption.org/v1), which `age` opens, too. The library is loaded when it is needed: a daemon never does. */
import { explain, messageOf, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';

/** For whom a backup is encrypted. */
export type BackupLock =
  | { readonly kind: 'recipients'; readonly recipients: readonly string[] }
  | { readonly kind: 'passphrase'; readonly passphrase: string };
/** What opens a backup. */
export type BackupKey =
  | { readonly kind: 'identities'; readonly identities: readonly string[] }
  | { readonly kind: 'passphrase'; readonly passphrase: string };

/** 128 MB of memory to try one passphrase; the library's own 256 MB are much for a small board beside its daemon. */
const SCRYPT_LOG_N = 17;
const KEY_FILE_BYTES_MAX = 64 * 1024;
/** Characters of a passphrase: what is shorter can be tried out. */
const PASSPHRASE_MIN = 16;

const lines = (file: string): readonly string[] =>
  readKeyFile(file)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/** A file of recipients, as `age -R` reads it. @throws OperatingError KAIMON_BACKUP_KEY */
export const readRecipients = (file: string): readonly string[] =>
  checked(lines(file), /^age1[0-9a-z]+$/, 'age1…', file);

/** A file of identities, as `age-keygen` writes it. @throws OperatingError KAIMON_BACKUP_KEY */
export const readIdentities = (file: string): readonly string[] =>
  checked(lines(file), /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]+$/, 'AGE-SECRET-KEY-1…', file);

function checked(found: readonly string[], shape: RegExp, like: string, file: string): readonly string[] {
  if (found.length > 0 && found.every((line) => shape.test(line))) return found;
  const message = `${file} holds no key of a backup: lines like ${like} are needed, as age-keygen or "kaimon backup keygen" writes them`;
  throw new OperatingError('KAIMON_BACKUP_KEY', message);
}

/** The first line of a file. @param fresh it shall protect a new backup @throws OperatingError KAIMON_BACKUP_KEY */
export function readPassphrase(file: string, { fresh = false } = {}): string {
  const [passphrase = ''] = readKeyFile(file).split(/\r?\n/, 1);
  if (passphrase === '')
    throw new OperatingError('KAIMON_BACKUP_KEY', `${file}: its first line, the passphrase, is empty`);
  if (fresh && passphrase.length < PASSPHRASE_MIN)
    throw new OperatingError(
      'KAIMON_BACKUP_KEY',
      `the passphrase in ${file} has ${passphrase.length} characters and could be tried out: at least ${PASSPHRASE_MIN} are needed (openssl rand -base64 24 > ${file})`,
    );
  return passphrase;
}

function readKeyFile(file: string): string {
  try {
    return readPlainFileSync(file, KEY_FILE_BYTES_MAX).toString('utf8');
  } catch (cause) {
    throw new OperatingError('KAIMON_BACKUP_KEY', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** A new identity, and the recipient that belongs to it. */
export async function newIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const age = await import('age-encryption');
  const identity = await age.generateX25519Identity();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/** @throws OperatingError KAIMON_BACKUP_KEY where a recipient is none */
export async function encrypted(
  source: AsyncIterable<Uint8Array>,
  lock: BackupLock,
): Promise<AsyncIterable<Uint8Array>> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if (lock.kind === 'passphrase') {
    encrypter.setPassphrase(lock.passphrase);
    encrypter.setScryptWorkFactor(SCRYPT_LOG_N);
  } else {
    for (const recipient of lock.recipients) {
      try {
        encrypter.addRecipient(recipient);
      } catch (cause) {
        const message = `${recipient} is no recipient of a backup (${messageOf(cause)}): a key like age1… is needed`;
        throw new OperatingError('KAIMON_BACKUP_KEY', message, { cause });
      }
    }
  }
  return encrypter.encrypt(streamOf(source));
}

/** The content of an age file. @throws OperatingError KAIMON_BACKUP_KEY, KAIMON_BACKUP_DAMAGED, also while it is read */
export async function* decrypted(
  source: AsyncIterable<Uint8Array>,
  key: BackupKey,
  file: string,
): AsyncGenerator<Uint8Array> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  try {
    if (key.kind === 'passphrase') decrypter.addPassphrase(key.passphrase);
    else for (const identity of key.identities) decrypter.addIdentity(identity);
  } catch (cause) {
    throw new OperatingError('KAIMON_BACKUP_KEY', `the key for ${file} cannot be used: ${messageOf(cause)}`, { cause });
  }
  let content: AsyncIterable<Uint8Array>;
  try {
    content = await decrypter.decrypt(streamOf(source));
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    if (!/no identity matched/.test(messageOf(cause))) throw damaged(file, explain(cause), cause);
    const message = `${file} was not made for this ${key.kind === 'passphrase' ? 'passphrase' : 'key'}: it stays closed`;
    throw new OperatingError('KAIMON_BACKUP_KEY', message, { cause });
  }
  const chunks = content[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await chunks.next();
    } catch (cause) {
      if (cause instanceof OperatingError) throw cause;
      throw damaged(file, 'it was cut off or changed', cause);
    }
    if (next.done) return;
    yield next.value;
  }
}

export const damaged = (file: string, why: string, cause?: unknown): OperatingError =>
  new OperatingError(
    'KAIMON_BACKUP_DAMAGED',
    `${file} is no whole backup: ${why}. Nothing was changed; use another backup`,
    {
      cause,
    },
  );

/** Reads on only as fast as what comes after it takes it. */
function streamOf(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: async () => void (await chunks.return?.()),
    },
    { highWaterMark: 0 },
  );
}
