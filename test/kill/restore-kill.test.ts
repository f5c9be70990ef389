import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openData } from '../../src/backup/open-data.js';
import { auditJournal } from '../../src/journal/audit/audit.js';
import { FileDisk, journalFolder } from '../../src/journal/file-disk.js';
import { silentLog as log } from '../../src/kit/log.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { backupOf, configOf, contentOf, KEY, northState } from '../backup/given.js';
import { ENCODER, openStore, tempFolder } from '../store/sample.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const dist = at('../../dist');
const built = existsSync(`${dist}/backup/restore.js`);
const [IDENTITY = ''] = KEY.kind === 'identities' ? KEY.identities : [];
const config = configOf('north');

/** Steps between two kills; all of them with EVERY=1. */
const EVERY = Number(process.env['EVERY'] ?? 13);

const peopleIn = (state: string): readonly string[] =>
  Object.keys(JSON.parse(readFileSync(join(state, 'people.json'), 'utf8')).people);

test.skipIf(!built)(
  'killed at any step of a restore, there is the old state, or one that the next start of the daemon finishes',
  async () => {
    const { file } = await backupOf(await northState());
    // What is there has one person more, and more in its journal, than the backup.
    const now = await northState();
    const store = await openStore({ file: join(now, 'people.json'), encoder: ENCODER, clock });
    const ada = store.get('ada');
    await store.put({ ...(ada as NonNullable<typeof ada>), id: 'later', name: 'Later' });
    await store.close();
    const old = contentOf(now);
    const run = (state: string, die: number) =>
      spawnSync(process.execPath, [at('restore-child.mjs'), dist, file, state, IDENTITY, String(die)], {
        encoding: 'utf8',
      });

    const ends: Record<'old' | 'finished' | 'done', number> = { old: 0, finished: 0, done: 0 };
    for (let die = 0; ends.done === 0 && die < 1_000; die += EVERY) {
      const state = join(await tempFolder(), 'state');
      cpSync(now, state, { recursive: true });
      const { stdout, stderr } = run(state, die);
      const step = `step ${die}: ${stdout.trim()}${stderr}`;
      const pending = existsSync(join(state, 'restore.pending'));
      if (stdout.startsWith('done')) ends.done++;
      else if (pending) ends.finished++;
      else if (peopleIn(state).includes('later')) {
        ends.old++;
        const left = contentOf(state);
        for (const [name, text] of Object.entries(old)) expect([step, name, left[name]]).toEqual([step, name, text]);
      } else ends.done++;
      // The daemon starts.
      await openData({ config, paths: { state, cache: state, run: state }, vault: Vault.plain(), clock, log });
      expect([step, readdirSync(state).includes('restore.pending')]).toEqual([step, false]);
      const restored = !peopleIn(state).includes('later');
      expect([step, restored]).toEqual([step, pending || !contentOf(state)['people.json']?.includes('later')]);
      const report = await auditJournal(new FileDisk(journalFolder(state)));
      expect([step, report.faults, report.seams.length]).toEqual([step, [], restored ? 1 : 0]);
      if (!restored) continue;
      expect([step, peopleIn(state)]).toEqual([step, ['ada', 'grace']]);
      const aside = readdirSync(state).filter((name) => name.startsWith('people.json.replaced-'));
      expect([step, aside.map((name) => readFileSync(join(state, name), 'latin1'))]).toEqual([
        step,
        [old['people.json']],
      ]);
    }
    expect(ends.old).toBeGreaterThan(0);
    expect(ends.finished).toBeGreaterThan(0);
    if (EVERY === 1) process.stdout.write(`killed: ${JSON.stringify(ends)}\n`);
  },
  600_000,
);
