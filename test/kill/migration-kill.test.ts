import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newestFormat } from '../../src/kit/files/format.js';
import { PASSAGES_FORMAT } from '../../src/passback/passages-file.js';
import { PEOPLE_FORMAT } from '../../src/store/people-document.js';
import { tempFolder } from '../store/sample.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const dist = at('../../dist');
const OLD = at('../fixtures/formats/0.1.0');
const built = existsSync(`${dist}/stored/data-check.js`);
/** The format that migration-child.mjs writes: one more than the newest. */
const NEXT: Readonly<Record<string, number>> = {
  'people.json': newestFormat(PEOPLE_FORMAT) + 1,
  'passages.json': newestFormat(PASSAGES_FORMAT) + 1,
};
/** More steps than there are. */
const STEPS_MAX = 60;

const textOf = (path: string) => readFileSync(path, 'utf8');
const formatOf = (path: string): number => JSON.parse(textOf(path)).schema;

/** What must be so at any moment of a migration: the old file or the new one, whole, and beside a new one the old. */
function expectOldOrNew(folder: string, name: string, step: string) {
  const file = join(folder, name);
  const format = formatOf(file);
  if (format === 1) expect([step, textOf(file)]).toEqual([step, textOf(join(OLD, name))]);
  else expect([step, format, textOf(`${file}.format-1`)]).toEqual([step, NEXT[name], textOf(join(OLD, name))]);
  // Nothing that a reader could take for a copy is half there.
  for (const copy of readdirSync(folder).filter((other) => other.startsWith(`${name}.`)))
    expect([1, NEXT[name]]).toContain(formatOf(join(folder, copy)));
}

test.skipIf(!built)(
  'killed before any step of a migration, there is the old file or the new one with the old beside it, and the next start goes on',
  async () => {
    const steps: string[] = [];
    for (let dieAt = 0; dieAt < STEPS_MAX && steps.at(-1) !== 'done'; dieAt++) {
      const folder = await tempFolder();
      cpSync(OLD, folder, { recursive: true });
      const run = (die: number) =>
        spawnSync(process.execPath, [at('migration-child.mjs'), dist, folder, String(die)], { encoding: 'utf8' });
      const { stdout, stderr, signal } = run(dieAt);
      const step = stdout.trim();
      expect([step, stderr, signal]).toEqual([step, '', step === 'done' ? null : 'SIGKILL']);
      steps.push(step);
      for (const name of ['people.json', 'passages.json']) expectOldOrNew(folder, name, step);
      if (!/^(rename|link|done)/.test(step)) continue;
      expect(run(STEPS_MAX).stdout).toBe('done\n');
      for (const name of ['people.json', 'passages.json']) {
        expect(formatOf(join(folder, name))).toBe(NEXT[name]);
        expect(textOf(join(folder, `${name}.format-1`))).toBe(textOf(join(OLD, name)));
      }
    }
    expect(steps.at(-1)).toBe('done');
    // The copy's name and the new file's, of both files, are among them.
    expect(steps.filter((step) => step.startsWith('rename')).length).toBeGreaterThanOrEqual(5);
  },
  180_000,
);
