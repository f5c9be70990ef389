import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { queryEntries } from '../../src/journal/audit/query.js';
import { FileDisk, journalFolder } from '../../src/journal/file-disk.js';
import { journalLines, openJournalOf } from '../../src/journal/open-journal.js';
import { OperatingError } from '../../src/kit/errors.js';
import { silentLog as log } from '../../src/kit/log.js';
import { makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { tempFolder } from '../store/sample.js';

const KEY = makeSealKey(randomBytes(32));
const sealing = Vault.sealing(KEY);

/** Writes an entry for each person, then does `act`. */
async function write(
  state: string,
  vault: Vault,
  people: readonly string[],
  act?: (journal: Awaited<ReturnType<typeof open>>) => unknown,
) {
  const journal = await open(state, vault);
  await Promise.all(
    people.map((person) => journal.append({ type: 'granted', personal: { person, name: `Name ${person}` } })),
  );
  const result = await act?.(journal);
  await journal.close();
  return result;
}
const open = (state: string, vault: Vault) => openJournalOf(defaultConfig.journal, state, { vault, clock, log });
const audit = (state: string, vault: Vault) =>
  auditJournal(new FileDisk(journalFolder(state)), { seals: journalLines(vault) });
const textOf = (state: string): string => {
  const folder = journalFolder(state);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
};
async function named(state: string, vault: Vault) {
  const found: unknown[] = [];
  for await (const { personal, locked } of queryEntries(
    new FileDisk(journalFolder(state)),
    { type: 'granted' },
    journalLines(vault),
  ))
    found.push(locked ? 'locked' : (personal?.['person'] ?? null));
  return found;
}

test('sealed: no line names anybody, and with the key all is read and verified', async () => {
  const state = await tempFolder();
  await write(state, sealing, ['zoe', 'bob']);
  expect(textOf(state)).not.toMatch(/zoe|bob|Name/);
  expect(await named(state, sealing)).toEqual(['zoe', 'bob']);
  expect(await audit(state, sealing)).toMatchObject({ ok: true, personal: { kept: 2, erased: 0, locked: 0 } });
});

test('without the key the chain is whole all the same, and what could not be compared is counted', async () => {
  const state = await tempFolder();
  await write(state, sealing, ['zoe', 'bob']);
  expect(await named(state, Vault.plain())).toEqual(['locked', 'locked']);
  expect(await audit(state, Vault.plain())).toMatchObject({ ok: true, personal: { kept: 2, erased: 0, locked: 2 } });
});

test('entries of before are sealed at the start, whatever key they have, and go on after a restart', async () => {
  const state = await tempFolder();
  await write(state, Vault.plain(), ['zoe']);
  await write(state, sealing, ['bob'], async (journal) => {
    await vi.waitFor(() => expect(textOf(state)).not.toContain('zoe'));
    return journal.renewSeals();
  });
  expect(textOf(state)).not.toMatch(/zoe|bob/);
  const newer = Vault.sealing(makeSealKey(randomBytes(32)), [KEY]);
  await write(state, newer, ['carl'], (journal) => journal.renewSeals());
  expect(textOf(state)).not.toContain(KEY.id);
  expect(await named(state, newer)).toEqual(['zoe', 'bob', 'carl']);
  expect(await audit(state, newer)).toMatchObject({ ok: true, personal: { kept: 3, locked: 0 } });
});

test('turned off: plain again', async () => {
  const state = await tempFolder();
  await write(state, sealing, ['zoe']);
  expect(await write(state, Vault.plain([KEY]), [], (journal) => journal.renewSeals())).toBe(1);
  expect(textOf(state)).toContain('"person":"zoe"');
  expect(await audit(state, Vault.plain())).toMatchObject({ ok: true });
});

test('somebody is erased from sealed and plain lines', async () => {
  const state = await tempFolder();
  await write(state, sealing, ['zoe', 'bob', 'zoe']);
  expect(await write(state, sealing, [], (journal) => journal.erase('zoe'))).toBe(2);
  expect(await named(state, sealing)).toEqual([null, 'bob', null]);
  expect(await audit(state, sealing)).toMatchObject({ ok: true, personal: { kept: 1, erased: 2 } });
});

test('while the key is missing entries go on, and nobody can read whom they are about', async () => {
  const state = await tempFolder();
  await write(state, Vault.locked(new OperatingError('KAIMON_SEAL_KEY', 'gone')), ['zoe']);
  expect(textOf(state)).not.toContain('zoe');
  expect(await named(state, sealing)).toEqual(['locked']);
  expect(await audit(state, sealing)).toMatchObject({ ok: true, personal: { kept: 1, locked: 1 } });
});

test('lines that a newer Kaimon has sealed are no damage, and stay as they are', async () => {
  const state = await tempFolder();
  await write(state, sealing, ['zoe', 'bob']);
  const folder = join(journalFolder(state), 'personal');
  const file = join(folder, readdirSync(folder)[0] as string);
  const newer = readFileSync(file, 'latin1').replace(/^(\{"n":\d+,)/, '$1"seal":2,');
  writeFileSync(file, newer);
  expect(await named(state, sealing)).toEqual(['locked', 'bob']);
  expect(await audit(state, sealing)).toMatchObject({ ok: true, personal: { locked: 1 } });
  await write(state, sealing, [], (journal) => journal.erase('zoe'));
  expect(readFileSync(file, 'latin1')).toContain(newer.split('\n')[0]);
});
