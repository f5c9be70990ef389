import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BackupLock, readIdentities, readPassphrase, readRecipients } from '../../src/backup/age-file.js';
import { MANIFEST_FILE } from '../../src/backup/manifest.js';
import { readBackup } from '../../src/backup/read-backup.js';
import { openJournalOf } from '../../src/journal/open-journal.js';
import { silentLog as log } from '../../src/kit/log.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { tempFolder } from '../store/sample.js';
import {
  backupOf,
  CHECK,
  configOf,
  contentOf,
  forged,
  KEY,
  membersOf,
  northState,
  restore,
  SIGNER,
  withManifest,
} from './given.js';

const PASSPHRASE: BackupLock = { kind: 'passphrase', passphrase: 'correct horse battery' };
const STATE_MEMBERS = ['people.json', 'passages.json', 'clock.json', 'door-mode.json', 'calibration.json'];
const JOURNAL_MEMBERS = ['journal/head.json', 'journal/000000000001.jsonl', 'journal/personal/000000000001.jsonl'];

test('a backup holds people, journal, state and configuration as they are, and changes nothing', async () => {
  const state = await northState();
  const before = contentOf(state);
  const { file, made } = await backupOf(state);
  expect(contentOf(state)).toEqual(before);
  const members = await membersOf(file);
  expect([...members.keys()]).toEqual([...STATE_MEMBERS, 'kaimon.yaml', ...JOURNAL_MEMBERS, MANIFEST_FILE]);
  for (const name of [...STATE_MEMBERS, ...JOURNAL_MEMBERS])
    expect(members.get(name)?.toString('latin1')).toBe(before[name]);
  expect(made).toMatchObject({ verified: 'bytes', signed: false, bytes: statSync(file).size });
  expect(made.manifest).toMatchObject({
    site: 'home',
    gate: 'north',
    people: { enrolled: 2, removed: 1 },
    journal: { entries: 5, n: 5, faults: 0 },
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // Nothing of it can be read without the key.
  const bytes = readFileSync(file, 'latin1');
  for (const word of ['Ada', 'people', 'north', 'home']) expect(bytes).not.toContain(word);
});

test('pictures of attacks come along where that is asked for, and nothing else of their folder', async () => {
  const { file } = await backupOf(await northState(), { evidence: true });
  const names = [...(await membersOf(file)).keys()].filter((name) => name.startsWith('evidence'));
  expect(names).toEqual(['evidence/2026-11-24T08-00-00.000Z-track-1.jpg']);
});

test('a backup with a passphrase is opened again and checked as a whole', async () => {
  const { file, made } = await backupOf(await northState(), { lock: PASSPHRASE, signer: SIGNER, check: CHECK });
  expect(made).toMatchObject({ verified: 'whole', signed: true });
  const report = await readBackup(file, { key: PASSPHRASE, check: CHECK });
  expect(report).toMatchObject({ signature: { result: 'valid' }, journal: { ok: true, entries: 5 } });
});

test('a gate that has nothing yet has a backup, too', async () => {
  const state = await tempFolder();
  const { file, made } = await backupOf(state);
  expect(made.manifest).toMatchObject({ people: null, journal: null });
  expect((await readBackup(file, { key: KEY })).journal).toBeUndefined();
  expect((await restore(file, join(state, 'new'))).people.enrolled).toBe(0);
});

test('beside a daemon that writes, the journal in it ends with a whole line and verifies; the daemon goes on', async () => {
  const state = await northState();
  const journal = await openJournalOf(configOf('north').journal, state, { clock, log });
  const running = { now: true };
  let appended = 0;
  const daemon = (async () => {
    while (running.now) {
      const person = { person: `p${appended % 7}`, name: 'Somebody' };
      await journal.append({ type: 'granted', fields: { distance: 0.5 }, personal: person });
      appended++;
      if (appended % 5 === 0) await journal.erase(`p${appended % 7}`);
    }
  })();
  // So long that it has written, and erased, between two of them.
  for (let round = 0; round < 5 || appended < 20; round++) {
    const { file, made } = await backupOf(state);
    const report = await readBackup(file, { key: KEY });
    expect(report.journal).toMatchObject({ ok: true, faults: [], torn: null, last: made.manifest.journal?.n });
  }
  running.now = false;
  await daemon;
  expect(journal.fault).toBeUndefined();
  await journal.close();
});

test('what a kill has left of a last line is not in the backup', async () => {
  const state = await northState();
  appendFileSync(join(state, 'journal', '000000000001.jsonl'), '{"v":1,"n":6,');
  const { made } = await backupOf(state);
  expect(made.manifest.journal).toMatchObject({ n: 5, faults: 0 });
});

test('a journal with faults is backed up as it is, and the backup says so', async () => {
  const state = await northState();
  const segment = join(state, 'journal', '000000000001.jsonl');
  writeFileSync(segment, readFileSync(segment, 'utf8').replace('"distance":0.5', '"distance":0.1'));
  const { file, made } = await backupOf(state, { lock: PASSPHRASE });
  expect(made.manifest.journal?.faults).toBe(1);
  expect((await readBackup(file, { key: PASSPHRASE })).journal).toMatchObject({ ok: false });
});

test('with the people file damaged the last good copy goes into the backup; with both damaged there is none', async () => {
  const state = await northState();
  writeFileSync(join(state, 'people.json'), 'no');
  const { made } = await backupOf(state);
  expect(made.manifest.people?.enrolled).toBe(2);
  writeFileSync(join(state, 'people.json.last-good'), 'no');
  await expect(backupOf(state)).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_CORRUPT' });
});

describe('a backup that is not whole is refused, and changes nothing', () => {
  /** @param broken makes a file of one backup, and of another one of the same gate */
  async function refuses(broken: (file: string, other: string) => Promise<string>, code: string, why: RegExp) {
    const { file } = await backupOf(await northState());
    const { file: other } = await backupOf(await northState(), { gate: 'east' });
    const bad = await broken(file, other);
    const state = await northState();
    rmSync(join(state, 'people.json'));
    rmSync(join(state, 'people.json.last-good'));
    const before = contentOf(state);
    await expect(restore(bad, state, { replace: true })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(why),
    });
    expect(contentOf(state)).toEqual(before);
    await expect(restore(bad, join(state, 'new'), { dryRun: true })).rejects.toMatchObject({ code });
    expect(existsSync(join(state, 'new'))).toBe(false);
  }
  const damagedFile = async (file: string, change: (bytes: Buffer) => Buffer) => {
    const copy = `${file}.${randomUUID()}`;
    writeFileSync(copy, change(readFileSync(file)));
    return copy;
  };
  const flipped = (at: (length: number) => number) => (file: string) =>
    damagedFile(file, (bytes) => {
      const place = at(bytes.length);
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      return bytes;
    });
  const cut = (to: (length: number) => number) => (file: string) =>
    damagedFile(file, (bytes) => bytes.subarray(0, to(bytes.length)));
  const reforged =
    (change: (members: Map<string, Buffer>, other: ReadonlyMap<string, Buffer>) => ReadonlyMap<string, Buffer>) =>
    async (file: string, other: string) =>
      forged(change(await membersOf(file), await membersOf(other)));

  test.each<[string, (file: string, other: string) => Promise<string>, RegExp]>([
    ['empty', cut(() => 0), /no whole backup/],
    ['cut in its header', cut(() => 60), /no whole backup/],
    ['cut in the middle', cut((length) => length >> 1), /cut off or changed/],
    ['without its last byte', cut((length) => length - 1), /cut off or changed/],
    ['a bit flipped in the header', flipped(() => 5), /no whole backup/],
    ['a bit flipped in the middle', flipped((length) => length >> 1), /cut off or changed/],
    ['a bit flipped at the end', flipped((length) => length - 1), /cut off or changed/],
    [
      'something behind its end',
      (file) => damagedFile(file, (bytes) => Buffer.concat([bytes, bytes])),
      /cut off or changed/,
    ],
    [
      'a file of another backup in it',
      reforged((members, other) =>
        members.set(MANIFEST_FILE, other.get(MANIFEST_FILE) as Buffer).set('kaimon.yaml', Buffer.from('x')),
      ),
      /kaimon\.yaml is not the one of its manifest/,
    ],
    ['a file left out', reforged((members) => without(members, 'people.json')), /people\.json is missing/],
    [
      'a file too much',
      reforged((members) => {
        const manifest = members.get(MANIFEST_FILE) as Buffer;
        members.delete(MANIFEST_FILE);
        return members.set('evidence/a.jpg', Buffer.from('x')).set(MANIFEST_FILE, manifest);
      }),
      /evidence\/a\.jpg is not in its manifest/,
    ],
    ['without a manifest', reforged((members) => without(members, MANIFEST_FILE)), /no manifest/],
    [
      'a path that leads elsewhere',
      reforged((members) => withManifest(new Map([['../../etc/passwd', Buffer.from('x')], ...members]))),
      /it holds \.\.\/\.\.\/etc\/passwd/,
    ],
    [
      'the end of its journal cut off, and the manifest made to fit',
      reforged((members) => {
        const segment = (members.get('journal/000000000001.jsonl') as Buffer).toString();
        const short = segment.slice(0, segment.slice(0, -1).lastIndexOf('\n') + 1);
        return withManifest(members.set('journal/000000000001.jsonl', Buffer.from(short)));
      }),
      /journal does not end where its manifest says/,
    ],
    [
      'a gate whose name leads elsewhere',
      reforged((members) => withManifest(members, { gate: '../x' })),
      /its manifest is wrong \(gate\)/,
    ],
    [
      'people that are none',
      reforged((members) => withManifest(members.set('people.json', Buffer.from('{"schema":1}')))),
      /its people cannot be read/,
    ],
  ])('%s', (_what, broken, why) => refuses(broken, 'KAIMON_BACKUP_DAMAGED', why));

  test('of a later format', () =>
    refuses(
      reforged((members) => withManifest(members, { schema: 2, kaimon: '0.9.0' })),
      'KAIMON_DATA_NEWER',
      /was written by Kaimon 0\.9\.0 \(format 2; this version reads up to 1\)/,
    ));

  test('with people of a later format', () =>
    refuses(
      reforged((members) => withManifest(members.set('people.json', Buffer.from('{"schema":3,"x":{}}')))),
      'KAIMON_DATA_NEWER',
      /people\.json of the backup/,
    ));

  test('of another site', () =>
    refuses(
      reforged((members) => withManifest(members, { site: 'office' })),
      'KAIMON_BACKUP_SITE',
      /is of gate north of the site office, and this gate is of home/,
    ));
});

describe('a key that is not the right one', () => {
  test.each<[string, BackupLock]>([
    ['another passphrase', { kind: 'passphrase', passphrase: 'another horse battery' }],
  ])('%s opens nothing', async (_what, key) => {
    const { file } = await backupOf(await northState(), { lock: PASSPHRASE });
    await expect(readBackup(file, { key: key as never })).rejects.toMatchObject({ code: 'KAIMON_BACKUP_KEY' });
    await expect(readBackup(file, { key: KEY })).rejects.toMatchObject({ code: 'KAIMON_BACKUP_KEY' });
  });

  test('nor does a passphrase open what is for a key', async () => {
    const { file } = await backupOf(await northState());
    await expect(readBackup(file, { key: PASSPHRASE })).rejects.toMatchObject({
      code: 'KAIMON_BACKUP_KEY',
      message: expect.stringContaining('was not made for this passphrase'),
    });
  });

  test('is said to be none', async () => {
    const file = join(await tempFolder(), 'key');
    writeFileSync(file, 'short\n');
    expect(() => readPassphrase(file, { fresh: true })).toThrow('has 5 characters and could be tried out');
    expect(readPassphrase(file)).toBe('short');
    expect(() => readIdentities(file)).toThrow('holds no key of a backup');
    expect(() => readRecipients(file)).toThrow('holds no key of a backup');
    writeFileSync(file, '\n');
    expect(() => readPassphrase(file)).toThrow('is empty');
    const lock: BackupLock = { kind: 'recipients', recipients: ['age1no'] };
    await expect(backupOf(await northState(), { lock })).rejects.toMatchObject({ code: 'KAIMON_BACKUP_KEY' });
  });
});

describe('whose backup it is', () => {
  const empty = async () => join(await tempFolder(), 'new');

  test('a backup for a public key that is not signed is taken only when that is asked for', async () => {
    const { file } = await backupOf(await northState());
    const state = await empty();
    await expect(restore(file, state, { unsigned: false })).rejects.toMatchObject({
      code: 'KAIMON_BACKUP_SIGNATURE',
      message: expect.stringContaining('is not signed, and anybody who knows its public key can have made it'),
    });
    expect((await restore(file, state)).done).toBe(true);
  });

  test('a signed one is taken with the public key, which this gate has for its own backups', async () => {
    const { file } = await backupOf(await northState(), { signer: SIGNER, check: CHECK });
    await expect(restore(file, await empty(), { unsigned: false })).rejects.toThrow('nothing here can check that');
    expect((await restore(file, await empty(), { unsigned: false, check: CHECK })).report.signature.result).toBe(
      'valid',
    );
    const own = await restore(file, await empty(), { unsigned: false, ownCheck: CHECK });
    expect(own.report.signature.result).toBe('valid');
    // Of another gate this one's own key says nothing.
    const foreign = { ...CHECK, key: 'ffffffffffffffff' };
    await expect(restore(file, await empty(), { unsigned: false, ownCheck: foreign })).rejects.toThrow(
      'nothing here can check',
    );
  });

  test('one whose manifest was changed after it was signed is refused, with --unsigned as well', async () => {
    const { file } = await backupOf(await northState(), { signer: SIGNER, check: CHECK });
    const members = await membersOf(file);
    const { file: other } = await backupOf(await northState(), { signer: SIGNER, check: CHECK, gate: 'east' });
    const signature = await signatureIn(other);
    const bad = await forged(new Map([...members, ['signature.json', signature]]));
    await expect(restore(bad, await empty(), { check: CHECK })).rejects.toMatchObject({
      code: 'KAIMON_BACKUP_SIGNATURE',
    });
  });

  test('whoever knows the passphrase may have made it', async () => {
    const { file } = await backupOf(await northState(), { lock: PASSPHRASE });
    expect((await restore(file, await empty(), { unsigned: false, key: PASSPHRASE })).done).toBe(true);
  });
});

const without = (members: ReadonlyMap<string, Buffer>, left: string) =>
  new Map([...members].filter(([name]) => name !== left));

/** The bytes of the signature, which are no file of the gate. */
async function signatureIn(file: string): Promise<Buffer> {
  const { decrypted } = await import('../../src/backup/age-file.js');
  const { readTar } = await import('../../src/backup/tar.js');
  let found: Buffer = Buffer.alloc(0);
  const chunks = async function* () {
    yield readFileSync(file);
  };
  for await (const { name, content } of readTar(decrypted(chunks(), KEY, file))) {
    const parts: Buffer[] = [];
    for await (const part of content) parts.push(Buffer.from(part));
    if (name === 'signature.json') found = Buffer.concat(parts);
  }
  return found;
}
