import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { StateFile } from '../../../src/kit/files/state-file.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { makeSealKey, type SealKey } from '../../../src/kit/sealing/seal-key.js';
import { isSealed } from '../../../src/kit/sealing/sealed-file.js';
import { Vault } from '../../../src/kit/sealing/vault.js';
import { tempFolder } from '../../store/sample.js';

const schema = z.strictObject({ n: z.int() });
async function opened(folder: string) {
  const [clock, error] = [new ManualClock(), vi.fn()];
  const file = join(folder, 'things.json');
  const log = { ...silentLog, error } as typeof silentLog;
  const warnings: string[] = [];
  const lost = 'nobody knows how many';
  const options = { file, name: 'things', lost, schema, empty: { n: 0 }, delayMs: 2000, clock, log, warnings };
  return { clock, error, file, options, warnings, open: () => StateFile.open(options) };
}

test('what was saved is found again, changes within the delay are written together, and closing writes what waits', async () => {
  const { clock, file, open } = await opened(await tempFolder());
  const first = await open();
  expect(first.found).toEqual({ n: 0 });
  first.save(() => ({ n: 1 }));
  first.save(() => ({ n: 2 }));
  clock.advance(1999);
  await first.close();
  expect((await open()).found).toEqual({ n: 2 });
  const second = await open();
  second.save(() => ({ n: 3 }));
  clock.advance(2000);
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('{"n":3}\n'));
});

test.each(['', '{', '{"n":"one"}', '{"n":1,"m":2}'])(
  'a damaged file is set aside, logged, and told to whoever reads the state: %j',
  async (text) => {
    const folder = await tempFolder();
    const { error, file, open, warnings } = await opened(folder);
    writeFileSync(file, text);
    expect((await open()).found).toEqual({ n: 0 });
    expect(error).toHaveBeenCalledOnce();
    const aside = readdirSync(folder).find((name) => name.startsWith('things.json.corrupt-'));
    expect(warnings).toEqual([
      `things-lost: things.json could not be used at the start and was set aside as ${aside}: nobody knows how many`,
    ]);
  },
);

test('a disk that refuses is logged, and throws no error', async () => {
  const { error, clock, open } = await opened(join(await tempFolder(), 'gone'));
  const file = await open();
  file.save(() => ({ n: 1 }));
  clock.advance(2000);
  await vi.waitFor(() => expect(error).toHaveBeenCalled());
  await file.close();
});

test('a file that cannot be read is set aside, and the gate goes on without it', async () => {
  const folder = await tempFolder();
  const { clock, error, file, open, options } = await opened(folder);
  mkdirSync(file);
  await expect(open()).rejects.toMatchObject({ code: 'KAIMON_FILE_READ' });
  const state = await StateFile.openAnyway(options);
  expect([state.found, error.mock.calls.length]).toEqual([{ n: 0 }, 1]);
  state.save(() => ({ n: 4 }));
  clock.advance(2000);
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('{"n":4}\n'));
  expect(readdirSync(folder).some((name) => name.startsWith('things.json.corrupt-'))).toBe(true);
});

test('a folder that allows nothing at all is logged, and the gate goes on; what is saved later is a fault', async () => {
  const { clock, error, file, options, warnings } = await opened(await tempFolder());
  writeFileSync(file, 'a file where the folder should be');
  const state = await StateFile.openAnyway({ ...options, file: join(file, 'things.json'), delayMs: 0 });
  expect([state.found, error.mock.calls.length]).toEqual([{ n: 0 }, 1]);
  expect(warnings).toEqual([expect.stringMatching(/^things-lost: .* was left where it is: nobody knows how many$/)]);
  state.save(() => ({ n: 1 }));
  clock.advance(0);
  await vi.waitFor(() => expect(state.fault).toMatchObject({ code: 'KAIMON_FILE_WRITE' }));
});

test('one that tells of people is sealed, what was plain is sealed at the start, and without its key it is left as it is', async () => {
  const { file, options, warnings, error } = await opened(await tempFolder());
  const key = makeSealKey(randomBytes(32));
  const sealed = { vault: Vault.sealing(key), purpose: 'things' };
  writeFileSync(file, '{"n":7}');
  const first = await StateFile.open({ ...options, sealed });
  expect([first.found, isSealed(readFileSync(file))]).toEqual([{ n: 7 }, true]);
  await first.saveNow(() => ({ n: 8 }));
  await first.close();
  const before = readFileSync(file);
  expect([isSealed(before), before.includes('"n"')]).toEqual([true, false]);
  expect((await StateFile.open({ ...options, sealed })).found).toEqual({ n: 8 });

  const other = { vault: Vault.sealing(makeSealKey(randomBytes(32))), purpose: 'things' };
  await expect(StateFile.open({ ...options, sealed: other })).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  const locked = await StateFile.openAnyway({ ...options, sealed: other });
  expect(locked.found).toEqual({ n: 0 });
  expect(warnings).toEqual([expect.stringContaining('left where it is')]);
  expect(error).toHaveBeenCalled();
  await expect(locked.saveNow(() => ({ n: 9 }))).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  await locked.close();
  expect(readFileSync(file)).toEqual(before);

  before[50] = (before[50] ?? 0) ^ 1;
  writeFileSync(file, before);
  expect((await StateFile.open({ ...options, sealed })).found).toEqual({ n: 0 });
});

test('one that tells of people, and was planted plain, is refused where nothing plain is taken', async () => {
  const { file, options, warnings } = await opened(await tempFolder());
  const sealed = { vault: Vault.sealing(makeSealKey(randomBytes(32))).refusingPlain(), purpose: 'passages' };
  writeFileSync(file, ' {"n":7}');
  await expect(StateFile.open({ ...options, sealed })).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  expect((await StateFile.openAnyway({ ...options, sealed })).found).toEqual({ n: 0 });
  expect(warnings).toEqual([expect.stringContaining('left where it is')]);
  const byHand = await StateFile.open({ ...options, sealed: { ...sealed, vault: sealed.vault.acceptingPlain() } });
  expect([byHand.found, isSealed(readFileSync(file))]).toEqual([{ n: 7 }, true]);
});

test.each([
  ['with its key', (key: SealKey) => Vault.sealing(key)],
  ['without a key', () => Vault.plain()],
])('one that a newer Kaimon has sealed is refused %s, and left as it is', async (_how, vaultOf) => {
  const { file, options, warnings } = await opened(await tempFolder());
  const key = makeSealKey(randomBytes(32));
  const sealed = { vault: Vault.sealing(key), purpose: 'things' };
  await (await StateFile.open({ ...options, sealed })).saveNow(() => ({ n: 8 }));
  const newer = readFileSync(file);
  newer[7] = 2;
  writeFileSync(file, newer);
  const refused = {
    code: 'KAIMON_DATA_NEWER',
    message: expect.stringContaining('(format 2; this version reads up to 1)'),
  };
  for (const open of [StateFile.open, StateFile.openAnyway])
    await expect(open({ ...options, sealed: { ...sealed, vault: vaultOf(key) } })).rejects.toMatchObject(refused);
  expect([readFileSync(file), readdirSync(dirname(file)), warnings]).toEqual([newer, [basename(file)], []]);
});
