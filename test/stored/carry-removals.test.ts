import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { carryRemovals } from '../../src/stored/carry-removals.js';
import { newcomer, openStore, tempFolder } from '../store/sample.js';

const OF_BEFORE = fileURLToPath(new URL('../fixtures/formats/0.1.0', import.meta.url));
const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const COPIES = ['people.json', 'people.json.last-good'];

/** A folder of people as 0.1.0 wrote them, and the same where this version has removed Ada, and somebody who was never known. */
async function folders(vault = Vault.plain()) {
  const [older, newer] = [await tempFolder(), await tempFolder()];
  for (const folder of [older, newer])
    for (const name of COPIES) cpSync(join(OF_BEFORE, name), join(folder, name), { preserveTimestamps: true });
  const store = await openStore({ file: join(newer, 'people.json'), vault });
  await store.remove('ada', 'office');
  await store.merge({ id: 'nobody', removed: true, version: '1790000000000-0000-south' });
  await store.put(newcomer('new'));
  await store.close();
  return { older, newer };
}
const documentIn = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

test('who was removed is not in the older file any more, nor in its last good copy, and both keep their format', async () => {
  const { older, newer } = await folders();
  const before = readFileSync(join(newer, 'people.json'), 'utf8');
  expect(await carryRemovals(newer, older, Vault.plain())).toBe(2);
  for (const name of COPIES) {
    const { schema, people, removed } = documentIn(older, name);
    expect([schema, Object.keys(people), Object.keys(removed).sort()]).toEqual([
      1,
      ['grace'],
      ['ada', 'gone', 'nobody'],
    ]);
    for (const removal of Object.values(removed))
      expect(Object.keys(removal as object).sort()).toEqual(['at', 'version']);
  }
  expect(readFileSync(join(newer, 'people.json'), 'utf8')).toBe(before);
  expect(await carryRemovals(newer, older, Vault.plain())).toBe(0);
});

test('one of the two that is damaged stays as it is; with both nothing is said to be carried', async () => {
  const { older, newer } = await folders();
  writeFileSync(join(older, 'people.json'), '{"schema":1');
  expect(await carryRemovals(newer, older, Vault.plain())).toBe(2);
  expect(Object.keys(documentIn(older, 'people.json.last-good').people)).toEqual(['grace']);
  writeFileSync(join(older, 'people.json.last-good'), '');
  await expect(carryRemovals(newer, older, Vault.plain())).rejects.toMatchObject({ code: 'KAIMON_PEOPLE_CORRUPT' });
});

test('where people are sealed they stay so', async () => {
  const vault = Vault.sealing(makeSealKey(randomBytes(32)));
  const { older, newer } = await folders(vault);
  expect(await carryRemovals(newer, older, vault)).toBe(2);
  for (const name of COPIES) expect(readFileSync(join(older, name), 'latin1')).not.toContain('Ada');
  expect(readFileSync(join(older, 'people.json'), 'latin1')).not.toContain('grace');
  expect(await carryRemovals(newer, older, vault)).toBe(0);
});

test('folders without people are in order', async () => {
  const { newer } = await folders();
  expect(await carryRemovals(newer, await tempFolder(), Vault.plain())).toBe(0);
  expect(await carryRemovals(await tempFolder(), newer, Vault.plain())).toBe(0);
});

test.skipIf(!existsSync(CLI))('kaimon data carry-removals', async () => {
  const { older, newer } = await folders();
  const words = ['data', 'carry-removals', older, '--state', newer, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...words]);
  expect(JSON.parse(stdout)).toEqual({ ok: true, carried: 2 });
  expect(Object.keys(documentIn(older, 'people.json').people)).toEqual(['grace']);
});
