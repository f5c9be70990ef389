import { existsSync, promises as fs, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { archiveFolder } from '../../src/journal/archive/archives.js';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { FileDisk, journalFolder } from '../../src/journal/file-disk.js';
import { journalLines, openJournalOf } from '../../src/journal/open-journal.js';
import { OperatingError } from '../../src/kit/errors.js';
import { silentLog as log } from '../../src/kit/log.js';
import { makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { isSealed } from '../../src/kit/sealing/sealed-file.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { openPassages } from '../../src/passback/passages-file.js';
import { PENDING } from '../../src/store/people-file.js';
import { ENCODER, openStore, tempFolder } from '../store/sample.js';
import { backupOf, configOf, contentOf, northState, restore } from './given.js';

const NORTH = Vault.sealing(makeSealKey(Buffer.alloc(32, 1)));
const SOUTH = Vault.sealing(makeSealKey(Buffer.alloc(32, 2)));

/** As a gate with this key does at its start. */
async function started(state: string, vault: Vault, gate: string) {
  const people = await openStore({ file: join(state, 'people.json'), encoder: ENCODER, clock, vault });
  await (await openPassages(state, { clock, log, vault })).close();
  const journal = await openJournalOf(configOf(gate).journal, state, { vault, clock, log });
  await journal.renewSeals();
  return { people, journal };
}

async function sealedNorth(): Promise<string> {
  const state = await northState();
  const { people, journal } = await started(state, NORTH, 'north');
  await people.close();
  await journal.close();
  expect(isSealed(readFileSync(join(state, 'people.json')))).toBe(true);
  return state;
}

/** Files of a folder in which somebody is named. */
const naming = (state: string): readonly string[] =>
  Object.entries(contentOf(state)).flatMap(([name, text]) => (/Ada|Grace|"ada"|"grace"/.test(text) ? [name] : []));

test('a backup of a gate that seals its people is opened at another one with a key of its own, which seals all of it', async () => {
  const { file, made } = await backupOf(await sealedNorth(), { vault: NORTH });
  expect(made.manifest).toMatchObject({ people: { enrolled: 2 }, journal: { faults: 0 } });
  const other = join(await tempFolder(), 'new');
  const { archive } = await restore(file, other, { config: configOf('south'), vault: SOUTH });
  expect(naming(other).filter((name) => !name.startsWith('journal-archive'))).toEqual([]);

  // Nor does one that takes nothing plain refuse any of it.
  const { people, journal } = await started(other, SOUTH.refusingPlain(), 'south');
  expect([...people.all()].map(({ name }) => name).sort()).toEqual(['Ada Lovelace', 'Grace Hopper']);
  expect(naming(other)).toEqual([]);
  const folder = archiveFolder(other, archive ?? '');
  const seals = journalLines(SOUTH);
  expect(await auditJournal(new FileDisk(folder), { seals })).toMatchObject({ ok: true, personal: { locked: 0 } });
  // Erasing reaches what is sealed there.
  expect(await journal.erase('ada')).toBeGreaterThan(0);
  expect(await auditJournal(new FileDisk(folder), { seals, erasedBeside: 1 })).toMatchObject({ ok: true });
  await journal.close();
  await people.close();
  expect(await auditJournal(new FileDisk(journalFolder(other)), { seals })).toMatchObject({ ok: true });
});

test('without the key there is no backup, and no restore that would leave people plain', async () => {
  const state = await sealedNorth();
  await expect(backupOf(state)).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  const { file } = await backupOf(state, { vault: NORTH });
  const other = join(await tempFolder(), 'new');
  const locked = Vault.locked(new OperatingError('KAIMON_SEAL_KEY', 'the key cannot be read'));
  await expect(restore(file, other, { vault: locked })).rejects.toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  expect(existsSync(join(other, 'people.json'))).toBe(false);
  expect(naming(other)).toEqual([]);
});

test('on its way to a gate that seals its people nothing lies plain on the disk', async () => {
  const { file } = await backupOf(await sealedNorth(), { vault: NORTH, evidence: true });
  const other = join(await tempFolder(), 'new');
  let plain: readonly string[] | undefined;
  const rename = vi.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
    if (!String(to).endsWith(PENDING)) return renameSync(from, to);
    plain = naming(String(from));
    const picture = readdirSync(join(String(from), 'evidence'))[0] ?? '';
    expect(isSealed(readFileSync(join(String(from), 'evidence', picture)))).toBe(true);
    throw new Error('power cut');
  });
  await expect(restore(file, other, { vault: SOUTH })).rejects.toThrow('power cut');
  rename.mockRestore();
  expect(plain).toEqual([]);
  expect(readdirSync(other)).toEqual([]);
});
