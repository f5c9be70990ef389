import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { journal, MovedOn } from '../../src/backup/contents.js';
import { openJournalOf } from '../../src/journal/open-journal.js';
import type { JournalWriter } from '../../src/journal/writer.js';
import { silentLog as log } from '../../src/kit/log.js';
import { PLAIN_LINES } from '../../src/kit/sealing/vault.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { configOf, northState } from './given.js';

/** Reads the journal of a gate that does this meanwhile, after so many of its files. */
async function readWhile(state: string, meanwhile: (journal: JournalWriter) => Promise<unknown>, atAnyRate = false) {
  const writer = await openJournalOf(configOf('north').journal, state, { clock, log });
  try {
    const reading = journal(state, PLAIN_LINES, atAnyRate);
    for (let files = 0; ; files++) {
      const next = await reading.next();
      if (next.done) return next.value;
      // Each of its files: the entries are read by then.
      if (files < 3) await meanwhile(writer);
    }
  } finally {
    await writer.close();
  }
}

/** An old fault: the salt of an entry was changed. */
async function faultyState(): Promise<string> {
  const state = await northState();
  const file = join(state, 'journal', 'personal', '000000000001.jsonl');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/"salt":"[0-9a-f]{4}/, '"salt":"0000'));
  expect(readFileSync(file, 'utf8')).not.toBe(text);
  return state;
}

const entering = (writer: JournalWriter) => writer.append({ type: 'granted', personal: { person: 'grace' } });
const erasing = async (writer: JournalWriter) => {
  await entering(writer);
  await writer.erase('grace');
};

test('an old fault keeps no busy gate from its backup: it is taken with the fault', async () => {
  expect((await readWhile(await faultyState(), entering))?.report).toMatchObject({ ok: false });
});

test('an erasure meanwhile has it read anew, but for the last try', async () => {
  await expect(readWhile(await faultyState(), erasing)).rejects.toBeInstanceOf(MovedOn);
  expect((await readWhile(await faultyState(), erasing, true))?.report).toMatchObject({ ok: false });
});
