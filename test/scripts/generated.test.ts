import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Outcome, run, tree } from './tree.js';

/** The check over a git checkout with these tracked files. */
function generated(files: Readonly<Record<string, string>>): Outcome {
  const root = tree(files);
  run('git', ['-C', root, 'init', '-q']);
  run('git', ['-C', root, 'add', '--all']);
  return run(process.execPath, ['scripts/check-generated.mjs', root]);
}
const host = ['registry', 'npmjs', 'org'].join('.');

test('a project without addresses is in order', () => {
  const { code, out } = generated({ 'a.md': 'npm ci\n', 'package-lock.json': '{}' });
  expect(code).toBe(0);
  expect(out).toMatch(/generated: in order\n$/);
});

test('a lock file with addresses and a text that names a registry are refused', () => {
  const { code, out } = generated({
    'package-lock.json': `{"resolved": "https://mirror.test/a.tgz"}`,
    'a.md': `see ${host}\n`,
  });
  expect(code).toBe(1);
  expect(out).toContain('package-lock.json holds addresses');
  expect(out).toContain(`a.md names the registry host ${host}`);
});

test('files that git does not track may hold what they like', () => {
  const root = tree({ 'a.md': 'text\n' });
  run('git', ['-C', root, 'init', '-q']);
  writeFileSync(join(root, 'note.log'), host);
  expect(run(process.execPath, ['scripts/check-generated.mjs', root]).code).toBe(0);
});

test('outside a git checkout the check says that it was skipped', () => {
  const { code, out } = run(process.execPath, ['scripts/check-generated.mjs', tree({ 'a.md': host })]);
  expect(code).toBe(0);
  expect(out).toContain('skipped: addresses of registries');
});
