// What a gate's disk has of what the site was told.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditJournal } from '../../dist/journal/audit/audit.js';
import { queryEntries } from '../../dist/journal/audit/query.js';
import { FileDisk, journalFolder } from '../../dist/journal/file-disk.js';

/** @param archive a tar of the state folder @returns what is missing or wrong, in sentences */
export async function missingFrom(archive, ledger) {
  const state = mkdtempSync(join(tmpdir(), 'kaimon-kept-'));
  try {
    const { status, stderr } = spawnSync('tar', ['-x', '-C', state], { input: archive });
    if (status !== 0) return [`the copy of the disk is no archive: ${stderr}`];
    const disk = new FileDisk(journalFolder(state));
    const { ok, faults } = await auditJournal(disk);
    const wrong = ok ? [] : faults.map(({ file, line, text }) => `${file} line ${line}: ${text}`);
    const types = new Map();
    const askers = new Set();
    for await (const { entry, personal } of queryEntries(disk, {})) {
      types.set(entry.n, entry.type);
      if (entry.type === 'lock-asked') askers.add(personal?.by);
    }
    for (const [n, type] of ledger.events)
      if (types.get(n) !== type) wrong.push(`entry ${n} is ${types.get(n)}, the site received ${type}`);
    for (const by of ledger.answered) if (!askers.has(by)) wrong.push(`${by} was answered, and no entry records it`);
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
