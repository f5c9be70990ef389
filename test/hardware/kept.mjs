// What a gate's disk has of what the site was told.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptJournal, otherThanTold } from '../rig/kept-journal.mjs';

/** @param archive a tar of the state folder @returns what is missing or wrong, in sentences */
export async function missingFrom(archive, ledger) {
  const state = mkdtempSync(join(tmpdir(), 'kaimon-kept-'));
  try {
    const { status, stderr } = spawnSync('tar', ['-x', '-C', state], { input: archive });
    if (status !== 0) return [`the copy of the disk is no archive: ${stderr}`];
    const { faults, types } = await keptJournal(state);
    const wrong = [...faults, ...otherThanTold(ledger.events, types)];
    if (ledger.removed.size > 0) {
      const { people, removed } = JSON.parse(readFileSync(join(state, 'people.json'), 'utf8'));
      for (const id of ledger.removed)
        if (Object.hasOwn(people, id) || !Object.hasOwn(removed, id)) wrong.push(`the removal of ${id} was lost`);
    }
    return wrong;
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}
