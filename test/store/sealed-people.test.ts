import { randomBytes } from 'node:crypto';
import { existsSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { isSealed, keyIdOf } from '../../src/kit/sealing/sealed-file.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { PeopleStore } from '../../src/store/people-store.js';
import { readPeople } from '../../src/store/read-people.js';
import { ENCODER, newcomer, openStore, person, tempFolder, template, version } from './sample.js';

const KEY = makeSealKey(randomBytes(32));
const NEW_KEY = makeSealKey(randomBytes(32));
const sealing = Vault.sealing(KEY);
const people = async () => join(await tempFolder(), 'people.json');

/** A store with Zoe in it, closed again. */
async function withZoe(file: string, vault?: Vault): Promise<void> {
  const store = await openStore({ file, vault });
  await store.put(newcomer('zoe'));
  await store.put(newcomer('bob'));
  await store.close();
}

const bytesOf = (file: string) => [file, `${file}.last-good`].map((path) => readFileSync(path));
const VECTOR = template(0.5).vector;

describe('sealed people', () => {
  test('neither the file nor its last good copy shows who they are; they are found again', async () => {
    const file = await people();
    await withZoe(file, sealing);
    for (const bytes of bytesOf(file)) {
      expect(keyIdOf(bytes)).toBe(KEY.id);
      for (const shown of ['zoe', 'Person', VECTOR]) expect(bytes.indexOf(shown)).toBe(-1);
    }
    const { people: found } = await readPeople({
      file,
      encoder: ENCODER,
      vault: sealing,
      clock: new ManualClock(),
      log: silentLog,
    });
    expect([...found.keys()]).toEqual(['zoe', 'bob']);
  });

  test('plain ones are sealed when the store is opened with a key, copies that were set aside too', async () => {
    const file = await people();
    await withZoe(file);
    writeFileSync(`${file}.corrupt-2026`, 'Person zoe');
    const store = await openStore({ file, vault: sealing });
    expect(store.get('zoe')?.name).toBe('Person zoe');
    for (const bytes of [...bytesOf(file), readFileSync(`${file}.corrupt-2026`)]) expect(isSealed(bytes)).toBe(true);
  });

  test('what was plain is overwritten where it lay, not only unlinked', async () => {
    const file = await people();
    await withZoe(file);
    const old = [openSync(file, 'r'), openSync(`${file}.last-good`, 'r')];
    await (await openStore({ file, vault: sealing })).close();
    for (const fd of old) {
      const bytes = Buffer.alloc(100_000);
      const length = readSync(fd, bytes, 0, bytes.length, 0);
      expect(length).toBeGreaterThan(100);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    }
  });

  test('an older key opens them, and they are sealed with the new one', async () => {
    const file = await people();
    await withZoe(file, sealing);
    const store = await openStore({ file, vault: Vault.sealing(NEW_KEY, [KEY]) });
    expect(store.size).toBe(2);
    for (const bytes of bytesOf(file)) expect(keyIdOf(bytes)).toBe(NEW_KEY.id);
  });

  test('those that a newer Kaimon has sealed are left as they are, whoever asks', async () => {
    const file = await people();
    await withZoe(file, sealing);
    for (const path of [file, `${file}.last-good`]) {
      const bytes = readFileSync(path);
      bytes[7] = 2;
      writeFileSync(path, bytes);
    }
    const before = bytesOf(file);
    const names = readdirSync(join(file, '..'));
    await expect(openStore({ file, vault: sealing })).rejects.toMatchObject({ code: 'KAIMON_DATA_NEWER' });
    const parts = { file, encoder: ENCODER, vault: sealing, clock: new ManualClock(), log: silentLog };
    await expect(readPeople(parts)).rejects.toMatchObject({ code: 'KAIMON_DATA_NEWER' });
    expect([bytesOf(file), readdirSync(join(file, '..'))]).toEqual([before, names]);
  });

  test.each([
    ['no key', Vault.plain(), /no key is given/],
    ['another key', Vault.sealing(NEW_KEY), new RegExp(`the key given is ${NEW_KEY.id}`)],
    [
      'a key that cannot be read',
      Vault.locked(new OperatingError('KAIMON_SEAL_KEY', 'the key is gone')),
      /the key is gone/,
    ],
  ])('with %s a gate starts, knows nobody, says which key is missing and writes nothing', async (_how, vault, why) => {
    const file = await people();
    await withZoe(file, sealing);
    const before = bytesOf(file);
    const store = await PeopleStore.openAnyway({
      file,
      encoder: ENCODER,
      gate: 'north',
      clock: new ManualClock(),
      log: silentLog,
      vault,
    });
    expect(store.size).toBe(0);
    expect(String(store.fault)).toMatch(why);
    expect(String(store.fault)).toContain(KEY.id);
    await expect(store.put(newcomer('eve'))).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
    await expect(store.merge(person('carl', version(1)))).rejects.toMatchObject({ code: 'KAIMON_FILE_WRITE' });
    await store.close().catch(() => undefined);
    expect(bytesOf(file)).toEqual(before);
    expect(readdirSync(join(file, '..')).filter((name) => name.includes('corrupt'))).toEqual([]);
    await expect(openStore({ file, vault })).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  });

  describe('where nothing plain is taken (storage.refusePlain)', () => {
    const anyway = (file: string, vault: Vault) =>
      PeopleStore.openAnyway({
        file,
        encoder: ENCODER,
        gate: 'north',
        clock: new ManualClock(),
        log: silentLog,
        vault,
      });

    test.each([
      ['beside a sealed last good copy', (file: string) => writeFileSync(file, readFileSync(`${file}.planted`))],
      [
        'with nothing else there',
        (file: string) => {
          rmSync(`${file}.last-good`);
          renameSync(`${file}.planted`, file);
        },
      ],
      [
        'in place of the last good copy',
        (file: string) => {
          rmSync(file);
          renameSync(`${file}.planted`, `${file}.last-good`);
        },
      ],
    ])('people whom somebody has planted, plain, %s, are nobody here, and stay where they are', async (_how, plant) => {
      const [file, theirs] = [await people(), await people()];
      await withZoe(file, sealing);
      await withZoe(theirs);
      writeFileSync(`${file}.planted`, readFileSync(theirs));
      plant(file);
      const before = readdirSync(join(file, '..'));
      for (const vault of [sealing, Vault.locked(new OperatingError('KAIMON_SEAL_KEY', 'the key is gone'))]) {
        const store = await anyway(file, vault.refusingPlain());
        expect([store.size, String(store.fault)]).toEqual([
          0,
          expect.stringMatching(/is plain although this gate seals.*kaimon seal now/),
        ]);
        await store.close().catch(() => undefined);
      }
      expect(readdirSync(join(file, '..'))).toEqual(before);
      const byHand = await openStore({ file, vault: sealing.refusingPlain().acceptingPlain() });
      expect(byHand.size).toBe(2);
      await byHand.close();
      expect((await anyway(file, sealing.refusingPlain())).size).toBe(2);
    });

    test('a file that is damaged is not taken for a plain one: the last good copy is used', async () => {
      const file = await people();
      await withZoe(file, sealing);
      writeFileSync(file, Buffer.alloc(4096));
      const store = await openStore({ file, vault: sealing.refusingPlain() });
      expect([store.get('zoe')?.id, store.problems.length]).toEqual(['zoe', 1]);
    });
  });

  test('a file that was changed is damaged: its last good copy is used, and it is set aside', async () => {
    const file = await people();
    await withZoe(file, sealing);
    const [bytes] = bytesOf(file) as [Buffer];
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const store = await openStore({ file, vault: sealing });
    expect(store.get('zoe')).toBeDefined();
    expect(store.problems).toHaveLength(1);
  });

  test('without a key that is asked for nothing plain is written either', async () => {
    const file = await people();
    const vault = Vault.locked(new OperatingError('KAIMON_SEAL_KEY', 'the key is gone'));
    const store = await PeopleStore.openAnyway({
      file,
      encoder: ENCODER,
      gate: 'north',
      clock: new ManualClock(),
      log: silentLog,
      vault,
    });
    await expect(store.put(newcomer('zoe'))).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
    await store.close().catch(() => undefined);
    expect(existsSync(file)).toBe(false);
  });

  test('turning it off is a vault of its own: what was sealed is plain again', async () => {
    const file = await people();
    await withZoe(file, sealing);
    await (await openStore({ file, vault: Vault.plain([KEY]) })).close();
    for (const bytes of bytesOf(file)) expect(bytes.toString('utf8')).toContain('zoe');
  });
});

test('plain people: what a change replaces is overwritten, so that nobody who is removed later stays in free blocks', async () => {
  const file = await people();
  const store = await openStore({ file });
  await store.put(newcomer('zoe'));
  const first = openSync(file, 'r');
  await store.put(newcomer('bob'));
  await store.put(newcomer('carl'));
  const bytes = Buffer.alloc(10_000);
  const length = readSync(first, bytes, 0, bytes.length, 0);
  expect(length).toBeGreaterThan(100);
  expect(bytes.subarray(0, length).every((byte) => byte === 0)).toBe(true);
});
