/** Makes a backup: one stream from the files to the disk, so that a journal of hundreds of megabytes needs no memory for it. */
import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import type { SignatureCheck, Signer } from '../journal/head.js';
import { journalLines } from '../journal/open-journal.js';
import { type Clock, iso } from '../kit/clock.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import type { Vault } from '../kit/sealing/vault.js';
import { VERSION } from '../kit/version.js';
import { PeopleState } from '../store/people-state.js';
import { PEOPLE_FILE } from '../stored/documents.js';
import { type BackupKey, type BackupLock, damaged, encrypted } from './age-file.js';
import {
  archives,
  CONFIG_MEMBER,
  evidence,
  journal,
  MovedOn,
  type NamedBytes,
  readPeopleFile,
  stateFiles,
} from './contents.js';
import { MANIFEST_FILE, type Manifest, type Member, SIGNATURE_FILE, signatureOf } from './manifest.js';
import { type BackupReport, readBackup } from './read-backup.js';
import { TAR_END, tarHeader, tarPadding } from './tar.js';

export interface BackupOptions {
  /** The state folder. */
  readonly state: string;
  /** Opens what is sealed there: in the backup all is plain, and the whole of it encrypted. */
  readonly vault: Vault;
  readonly site: string;
  readonly gate: string;
  readonly encoder: string | null;
  /** The text of the configuration; undefined where there is no file. */
  readonly config: string | undefined;
  readonly evidence: boolean;
  readonly lock: BackupLock;
  /** Undefined: the backup is not signed. */
  readonly signer: Signer | undefined;
  readonly check: SignatureCheck | undefined;
  readonly clock: Clock;
}

export interface MadeBackup {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly manifest: Manifest;
  /** `whole`: all of it was opened and checked. `bytes`: the file is what was written; only the owner of the key can open it. */
  readonly verified: 'whole' | 'bytes';
  readonly signed: boolean;
}

/** The daemon may purge or erase while the journal is read; then the backup starts again, so many times at most. */
const TRIES_MAX = 3;
const CHUNK = 256 * 1024;

/**
 * Writes the file and reads it back.
 * @throws OperatingError KAIMON_FILE_WRITE, KAIMON_FILE_READ, KAIMON_PEOPLE_CORRUPT, KAIMON_DATA_NEWER, KAIMON_BACKUP_KEY, and
 *   KAIMON_BACKUP_DAMAGED where the disk gives back something else than was written
 */
export async function makeBackup(file: string, options: BackupOptions): Promise<MadeBackup> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await makeOnce(file, options, attempt === TRIES_MAX);
    } catch (thrown) {
      if (!(thrown instanceof MovedOn)) throw thrown;
      if (attempt < TRIES_MAX) continue;
      const why = `the journal was changed ${TRIES_MAX} times while it was read (${messageOf(thrown)}): try again later`;
      throw new OperatingError('KAIMON_FILE_READ', why, { cause: thrown });
    }
  }
}

/** @param last takes the journal with whatever faults it then has */
async function makeOnce(file: string, options: BackupOptions, last: boolean): Promise<MadeBackup> {
  const { lock, signer, check } = options;
  const draft: { manifest?: Manifest } = {};
  const hash = createHash('sha256');
  let bytes = 0;
  const written = async function* () {
    for await (const chunk of await encrypted(archive(options, draft, last), lock)) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  // Synced part by part: one fsync of hundreds of megabytes would hold up the daemon's own.
  await writeFileAtomic(file, written(), { onProgress: () => undefined });
  const manifest = draft.manifest;
  if (!manifest) throw new Error('the backup has no manifest');
  const sha256 = hash.digest('hex');
  const made = { file, bytes, sha256, manifest, signed: signer !== undefined };
  if (lock.kind === 'passphrase') {
    const back: BackupReport = await readBackup(file, { key: lock as BackupKey & BackupLock, check });
    if (back.journal && back.journal.faults.length !== manifest.journal?.faults)
      throw damaged(file, 'its journal reads otherwise than when it was written');
    return { ...made, verified: 'whole' };
  }
  if ((await hashOf(file)) !== sha256) throw damaged(file, 'the disk gives back something else than was written');
  return { ...made, verified: 'bytes' };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  const handle = await fs.open(file);
  for await (const chunk of handle.createReadStream({ highWaterMark: CHUNK })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The bytes of the archive; the manifest comes last, for it says what was in fact read. */
async function* archive(
  options: BackupOptions,
  draft: { manifest?: Manifest },
  last: boolean,
): AsyncGenerator<Uint8Array> {
  const { state, vault, site, gate, encoder, config, clock, signer } = options;
  const seals = journalLines(vault);
  const time = iso(clock.wall());
  const seconds = clock.wall() / 1000;
  const members: Member[] = [];
  const add = async function* ({ name, bytes }: NamedBytes): AsyncGenerator<Uint8Array> {
    members.push({ name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    yield* entryOf({ name, bytes }, seconds);
  };
  const people = await readPeopleFile(state, vault);
  if (people) yield* add({ name: PEOPLE_FILE, bytes: people.bytes });
  for await (const found of stateFiles(state, vault)) yield* add(found);
  if (config !== undefined) yield* add({ name: CONFIG_MEMBER, bytes: Buffer.from(config) });
  const lines = journal(state, seals, last);
  let next = await lines.next();
  for (; !next.done; next = await lines.next()) yield* add(next.value);
  for await (const found of archives(state, seals)) yield* add(found);
  if (options.evidence) for await (const found of evidence(state, vault)) yield* add(found);
  const end = next.value;
  const manifest: Manifest = {
    schema: 1,
    kaimon: VERSION,
    site,
    gate,
    time,
    // Where it is not known which is in use, the one that the people were saved with: who restores them needs it.
    encoder: encoder ?? people?.document.encoder ?? null,
    people: people
      ? {
          enrolled: people.document.people.size,
          removed: people.document.removed.size,
          latest: new PeopleState(people.document).latest,
        }
      : null,
    journal: end
      ? { entries: end.report.entries, n: end.end.n, hash: end.end.hash, faults: end.report.faults.length }
      : null,
    members,
  };
  const text = Buffer.from(`${JSON.stringify(manifest)}\n`);
  yield* entryOf({ name: MANIFEST_FILE, bytes: text }, seconds);
  if (signer) yield* entryOf({ name: SIGNATURE_FILE, bytes: Buffer.from(signatureOf(text, signer)) }, seconds);
  yield TAR_END;
  draft.manifest = manifest;
}

async function* entryOf({ name, bytes }: NamedBytes, seconds: number): AsyncGenerator<Uint8Array> {
  yield tarHeader(name, bytes.length, seconds);
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
  yield tarPadding(bytes.length);
}
