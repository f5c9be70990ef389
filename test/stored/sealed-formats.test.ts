import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openData } from '../../src/backup/open-data.js';
import { defaultConfig } from '../../src/config/config.js';
import { OperatingError } from '../../src/kit/errors.js';
import { silentLog as log } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { keyText, makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { PEOPLE_PURPOSE } from '../../src/store/people-file.js';
import { checkData, refuseNewerData } from '../../src/stored/data-check.js';
import { writtenBy } from '../../src/stored/written-by.js';
import { tempFolder } from '../store/sample.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const CLI = at('../../dist/cli/main.js');
const SECRET = Buffer.alloc(32, 5);
const vault = Vault.sealing(makeSealKey(SECRET));
const locked = Vault.locked(new OperatingError('KAIMON_SEAL_KEY', 'the key cannot be read'));
const clock = new ManualClock();

/** A folder whose sealed people a later version has written. */
async function laterState(): Promise<string> {
  const state = await tempFolder();
  cpSync(at('../fixtures/formats/0.1.0'), state, { recursive: true });
  const file = join(state, 'people.json');
  const text = readFileSync(file, 'utf8').replace(/"schema":\s*\d+/, '"schema":99');
  const parts: Uint8Array[] = [];
  for await (const part of vault.sealed(PEOPLE_PURPOSE, [text])) parts.push(Buffer.from(part));
  writeFileSync(file, Buffer.concat(parts));
  const by = { schema: 1, version: '9.1.0', since: '2027-01-01T00:00:00.000Z' };
  writeFileSync(join(state, 'written-by.json'), `${JSON.stringify(by)}\n`);
  return state;
}

test('people of a later version are refused through their seal, and who wrote them stays known', async () => {
  const state = await laterState();
  const opening = { config: defaultConfig, paths: { state, cache: state, run: state }, clock, log };
  // Without the key nothing can be told: the part that needs the people says so.
  expect(await refuseNewerData(state)).toBe(false);
  await openData({ ...opening, vault: locked });
  expect(await writtenBy(state)).toBe('9.1.0');
  const refused = { code: 'KAIMON_DATA_NEWER', message: expect.stringContaining('Kaimon 9.1.0 (format 99') };
  await expect(openData({ ...opening, vault })).rejects.toMatchObject(refused);
  await expect(refuseNewerData(state, { vault })).rejects.toMatchObject(refused);
});

test('the number is believed of a beginning that was not changed, whatever follows it', async () => {
  const state = await laterState();
  const file = join(state, 'people.json');
  const parts: Uint8Array[] = [];
  for await (const part of vault.sealed(PEOPLE_PURPOSE, ['{"schema":99,', ' '.repeat(300_000)]))
    parts.push(part as Buffer);
  const bytes = Buffer.concat(parts);
  writeFileSync(file, bytes.subarray(0, bytes.length - 1));
  await expect(refuseNewerData(state, { vault })).rejects.toMatchObject({ code: 'KAIMON_DATA_NEWER' });
  bytes[50] = (bytes[50] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  // Its reader says that it is damaged.
  expect(await refuseNewerData(state, { vault })).toBe(true);
});

test('a check without the key says that it has not seen all', async () => {
  const state = await laterState();
  expect(await checkData(state)).toMatchObject({
    ok: true,
    sealed: 1,
    documents: expect.arrayContaining([expect.objectContaining({ file: 'people.json', result: 'sealed' })]),
  });
  expect(await checkData(state, { vault })).toMatchObject({ ok: false, sealed: 0 });
});

test.skipIf(!existsSync(CLI))(
  'the command takes the key that the configuration names, and judges nothing else of it',
  async () => {
    const [state, folder] = [await laterState(), await tempFolder()];
    const [config, key] = [join(folder, 'kaimon.yaml'), join(folder, 'seal.key')];
    writeFileSync(config, `of: a later version\nstorage:\n  sealKeyFile: ${key}\n  other: 1\n`);
    const check = (...args: readonly string[]) =>
      spawnSync(process.execPath, [CLI, 'data', 'check', '--state', state, '--config', config, ...args], {
        encoding: 'utf8',
      });
    expect(check()).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 files are sealed and were not looked into'),
    });
    expect(JSON.parse(check('--json').stdout)).toMatchObject({ ok: true, sealed: 1 });
    writeFileSync(key, keyText(SECRET), { mode: 0o600 });
    expect(check()).toMatchObject({ status: 1, stdout: expect.stringContaining('newer') });
  },
);
