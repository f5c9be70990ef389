/** Reads a backup from its beginning to its end and checks all of it: encryption, every file against the manifest, signature, journal. */
import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { type AuditReport, JournalAudit } from '../journal/audit/audit.js';
import { CHECKPOINT_FILE, decodeMark, HEAD_FILE, type Mark } from '../journal/head.js';
import { firstOf } from '../journal/segment.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { migrated, NewerFormat, newerFile } from '../kit/files/format.js';
import { type BackupKey, damaged, decrypted } from './age-file.js';
import {
  BACKUP_FORMAT,
  checkSignature,
  isMember,
  MANIFEST_FILE,
  type Manifest,
  MEMBERS_MAX,
  type Member,
  manifestSchema,
  SIGNATURE_FILE,
  type SignatureKeys,
  type SignatureResult,
} from './manifest.js';
import { NotTar, readTar, type TarMember } from './tar.js';

export interface ReadOptions extends SignatureKeys {
  readonly key: BackupKey;
  /** The file, where it is open already; it stays so. */
  readonly handle?: fs.FileHandle | undefined;
  /** Takes each file's content; what it got counts only once all was read. */
  readonly sink?: ((name: string, content: AsyncIterable<Buffer>) => Promise<void>) | undefined;
}

export interface BackupReport {
  readonly manifest: Manifest;
  readonly signature: SignatureResult;
  /** What an audit of its journal finds; undefined where it holds none. */
  readonly journal: AuditReport | undefined;
}

/** The largest file that is held in memory: a segment of the journal. */
export const HELD_MAX = 65 * 1024 * 1024;
const CHUNK = 256 * 1024;

/** @throws OperatingError KAIMON_BACKUP_KEY, KAIMON_BACKUP_DAMAGED, KAIMON_DATA_NEWER, KAIMON_FILE_READ, and what `sink` throws */
export async function readBackup(file: string, { handle, ...options }: ReadOptions): Promise<BackupReport> {
  if (handle) return readFrom(file, bytesOf(file, handle, 0), options);
  const own = await fs.open(file).catch((cause: unknown) => {
    throw cannotRead(file, cause);
  });
  try {
    return await readFrom(file, bytesOf(file, own), options);
  } finally {
    await own.close();
  }
}

async function readFrom(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  { key, sink, ...keys }: Omit<ReadOptions, 'handle'>,
): Promise<BackupReport> {
  const seen: Member[] = [];
  const names = new Set<string>();
  const held = new Map<string, Buffer>();
  const journal = new JournalReader(file);
  try {
    for await (const member of readTar(decrypted(bytes, key, file))) {
      const { name } = member;
      if (name === MANIFEST_FILE || name === SIGNATURE_FILE) {
        held.set(name, await whole(member));
        continue;
      }
      if (held.has(MANIFEST_FILE)) throw damaged(file, `${name} follows its manifest`);
      if (!isMember(name) || names.has(name)) throw damaged(file, `it holds ${name}`);
      if (names.size >= MEMBERS_MAX) throw damaged(file, `it holds more than ${MEMBERS_MAX} files`);
      names.add(name);
      seen.push(await take(member, journal, sink));
    }
  } catch (thrown) {
    if (thrown instanceof NotTar) throw damaged(file, messageOf(thrown), thrown);
    throw thrown;
  }
  const text = held.get(MANIFEST_FILE);
  if (!text) throw damaged(file, 'it has no manifest');
  const manifest = manifestOf(file, text);
  const wrong = differing(manifest.members, seen);
  if (wrong !== undefined) throw damaged(file, wrong);
  const report = journal.report();
  const { n, hash } = manifest.journal ?? { n: 0, hash: '' };
  if (report && (journal.end?.n !== n || (n > 0 && journal.end.hash !== hash)))
    throw damaged(file, 'its journal does not end where its manifest says');
  return { manifest, signature: checkSignature(text, held.get(SIGNATURE_FILE), keys), journal: report };
}

/** Counts and hashes a file while `sink` takes it; what the journal's check needs is kept for that moment. */
async function take(member: TarMember, journal: JournalReader, sink: ReadOptions['sink']): Promise<Member> {
  const { name, bytes, content } = member;
  const hash = createHash('sha256');
  const parts: Buffer[] = [];
  const watched = async function* () {
    for await (const part of content) {
      hash.update(part);
      if (journal.wants(name, bytes)) parts.push(Buffer.from(part));
      yield part;
    }
  };
  const passing = watched();
  if (sink) await sink(name, passing);
  // What nobody has taken is read all the same.
  for (let rest = await passing.next(); !rest.done; ) rest = await passing.next();
  if (journal.wants(name, bytes)) journal.add(name, Buffer.concat(parts));
  return { name, bytes, sha256: hash.digest('hex') };
}

/** Feeds the files of the gate's own journal, in their order, to an audit. */
class JournalReader {
  readonly #folder: string;
  readonly #marks: { head?: Mark | undefined; checkpoint?: Mark | undefined } = {};
  #audit: JournalAudit | undefined;
  #any = false;

  constructor(file: string) {
    this.#folder = `${file}: journal`;
  }

  get end(): JournalAudit['position'] | undefined {
    return this.#audit?.position ?? { n: 0, hash: '' };
  }

  wants = (name: string, bytes: number): boolean => name.startsWith('journal/') && bytes <= HELD_MAX;

  add(name: string, bytes: Buffer): void {
    this.#any = true;
    const inner = name.slice('journal/'.length);
    if (inner === HEAD_FILE) this.#marks.head = this.#mark(inner, bytes);
    else if (inner === CHECKPOINT_FILE) this.#marks.checkpoint = this.#mark(inner, bytes);
    else if (firstOf(inner) !== undefined) this.#started().chain(inner, bytes);
    else this.#started().personal(inner.slice('personal/'.length), bytes);
  }

  #mark(inner: string, bytes: Buffer): Mark | undefined {
    try {
      return decodeMark(bytes);
    } catch (thrown) {
      throw thrown instanceof NewerFormat ? newerFile(`${this.#folder}/${inner}`, thrown) : thrown;
    }
  }

  report(): AuditReport | undefined {
    return this.#any ? this.#started().report() : undefined;
  }

  #started(): JournalAudit {
    this.#audit ??= new JournalAudit(this.#folder, { head: this.#marks.head, checkpoint: this.#marks.checkpoint });
    return this.#audit;
  }
}

async function whole({ name, bytes, content }: TarMember): Promise<Buffer> {
  if (bytes > HELD_MAX) throw new NotTar(`${name} is too large`);
  const parts: Buffer[] = [];
  for await (const part of content) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function manifestOf(file: string, text: Buffer): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8'));
    json = migrated(json, BACKUP_FORMAT).document;
  } catch (thrown) {
    if (!(thrown instanceof NewerFormat)) throw damaged(file, 'its manifest is no JSON', thrown);
    const { kaimon } = json as { readonly kaimon?: unknown };
    throw newerFile(file, thrown, typeof kaimon === 'string' ? kaimon : undefined);
  }
  const { data, error } = manifestSchema.safeParse(json);
  if (error) throw damaged(file, `its manifest is wrong (${error.issues[0]?.path.join('.')})`);
  return data;
}

/** The first file that is not as the manifest says; undefined where all are. */
function differing(named: readonly Member[], seen: readonly Member[]): string | undefined {
  const found = new Map(seen.map((member) => [member.name, member]));
  for (const { name, bytes, sha256 } of named) {
    const member = found.get(name);
    if (!member) return `${name} is missing`;
    if (member.bytes !== bytes || member.sha256 !== sha256) return `${name} is not the one of its manifest`;
    found.delete(name);
  }
  const [other] = found.keys();
  return other === undefined ? undefined : `${other} is not in its manifest`;
}

/** Opens a backup that is to be read more than once, or when this process may not open it any more. @throws OperatingError KAIMON_FILE_READ */
export async function openBackup(file: string): Promise<fs.FileHandle> {
  let handle: fs.FileHandle | undefined;
  try {
    handle = await fs.open(file);
    if ((await handle.stat()).isFile()) return handle;
    throw new Error('it is no file');
  } catch (cause) {
    await handle?.close();
    throw cannotRead(file, cause);
  }
}

/** Closed by {@link readBackup} alone: whoever takes the bytes may stop before their end. */
async function* bytesOf(file: string, handle: fs.FileHandle, start?: number): AsyncGenerator<Uint8Array> {
  try {
    const stream = handle.createReadStream({
      highWaterMark: CHUNK,
      autoClose: false,
      ...(start !== undefined && { start }),
    });
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (cause) {
    throw cannotRead(file, cause);
  }
}

const cannotRead = (file: string, cause: unknown): OperatingError =>
  new OperatingError('KAIMON_FILE_READ', `cannot read ${file}: ${messageOf(cause)}`, { cause });
