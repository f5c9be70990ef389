import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

/** The checkout that is tested. */
export const checkout = resolve(import.meta.dirname, '../..');

/** A folder with these files (path → content), removed after the test. Content that begins with `#!` becomes executable. */
export function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'kaimon-scripts-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (content.startsWith('#!')) chmodSync(file, 0o755);
  }
  return root;
}

export type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs a program to its end; never through a shell. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Outcome {
  const done = spawnSync(command, args, { cwd: checkout, encoding: 'utf8', env, timeout: 60_000 });
  if (done.error) throw done.error;
  return { code: done.status, out: done.stdout, err: done.stderr };
}
