import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BackupKey, type BackupLock, encrypted, newIdentity } from '../../src/backup/age-file.js';
import { type BackupOptions, makeBackup } from '../../src/backup/make-backup.js';
import { MANIFEST_FILE } from '../../src/backup/manifest.js';
import { readBackup } from '../../src/backup/read-backup.js';
import { type RestoreOptions, restoreBackup } from '../../src/backup/restore.js';
import { TAR_END, tarHeader, tarPadding } from '../../src/backup/tar.js';
import { signatureCheckOf, signerOf } from '../../src/journal/signing.js';
import { silentLog as log } from '../../src/kit/log.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { given } from '../config/given.js';
import { ENCODER, tempFolder } from '../store/sample.js';

export const RELEASED = fileURLToPath(new URL('../fixtures/formats/0.1.0', import.meta.url));
export const configOf = (gate: string, site = 'home') => given(`site: ${site}\ngate: ${gate}\n`).config;

/** A key pair, made once. */
const pair = await newIdentity();
export const LOCK: BackupLock = { kind: 'recipients', recipients: [pair.recipient] };
export const KEY: BackupKey = { kind: 'identities', identities: [pair.identity] };

const signing = (() => {
  const pem = Buffer.from(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  return { signer: signerOf(pem, 'journal.key'), check: signatureCheckOf(pem, 'journal.key') };
})();
export const { signer: SIGNER, check: CHECK } = signing;

/** The state folder of gate north, as Kaimon 0.1.0 has written it. */
export async function northState(): Promise<string> {
  const state = join(await tempFolder(), 'state');
  cpSync(RELEASED, state, { recursive: true });
  mkdirSync(join(state, 'evidence'));
  writeFileSync(join(state, 'evidence', '2026-11-24T08-00-00.000Z-track-1.jpg'), 'a picture');
  writeFileSync(join(state, 'evidence', 'notes.txt'), 'not of Kaimon');
  return state;
}

export async function backupOf(state: string, change: Partial<BackupOptions> = {}) {
  const file = join(await tempFolder(), 'gate.age');
  const made = await makeBackup(file, {
    state,
    vault: Vault.plain(),
    site: 'home',
    gate: 'north',
    encoder: ENCODER,
    config: 'site: home\n',
    evidence: false,
    lock: LOCK,
    signer: undefined,
    check: undefined,
    clock,
    ...change,
  });
  return { file, made };
}

export const restore = (file: string, state: string, change: Partial<RestoreOptions> = {}) =>
  restoreBackup(file, {
    state,
    vault: Vault.plain(),
    config: configOf('north'),
    key: KEY,
    unsigned: true,
    replace: false,
    dryRun: false,
    encoder: ENCODER,
    clock,
    log,
    ...change,
  });

/** Every file of a folder with its bytes; locks apart. */
export const contentOf = (state: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(state, { recursive: true })
      .map(String)
      .filter((name) => statSync(join(state, name)).isFile())
      .map((name) => [name, readFileSync(join(state, name), 'latin1')]),
  );

/** The files inside a backup. */
export async function membersOf(file: string, key = KEY): Promise<Map<string, Buffer>> {
  const members = new Map<string, Buffer>();
  const { manifest } = await readBackup(file, {
    key,
    sink: async (name, content) => {
      const parts: Buffer[] = [];
      for await (const part of content) parts.push(Buffer.from(part));
      members.set(name, Buffer.concat(parts));
    },
  });
  members.set(MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest)}\n`));
  return members;
}

/** A backup of these files, as somebody could make one who knows the public key. */
export async function forged(members: ReadonlyMap<string, Buffer>): Promise<string> {
  const file = join(await tempFolder(), 'forged.age');
  const archive = async function* () {
    for (const [name, bytes] of members) {
      yield tarHeader(name, bytes.length, 0);
      yield bytes;
      yield tarPadding(bytes.length);
    }
    yield TAR_END;
  };
  const parts: Uint8Array[] = [];
  for await (const part of await encrypted(archive(), LOCK)) parts.push(part);
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

/** A manifest that fits the files, whatever they are. */
export function withManifest(members: ReadonlyMap<string, Buffer>, change: object = {}): Map<string, Buffer> {
  const made = new Map([...members].filter(([name]) => name !== MANIFEST_FILE));
  const list = [...made].map(([name, bytes]) => ({
    name,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
  const manifest = JSON.parse((members.get(MANIFEST_FILE) ?? '').toString());
  made.set(MANIFEST_FILE, Buffer.from(JSON.stringify({ ...manifest, members: list, ...change })));
  return made;
}
