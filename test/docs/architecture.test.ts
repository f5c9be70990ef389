import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
const section = (title: string) => page.slice(page.indexOf(`## ${title}`)).split('\n## ')[0] ?? '';
const walk = [...section('The walk of one frame').matchAll(/^\d+\. `(src\/[^`]+)`/gm)].map(
  ([, file]) => file as string,
);

/** The files of src that a file imports, types included; what those import that only open and wire is reached as well. */
function reachedFrom(file: string): readonly string[] {
  const targets = readFileSync(join(root, file), 'utf8').matchAll(/from '(\.[^']+)\.js'/g);
  const near = [...targets].map(([, target]) => posix.join(dirname(file), `${target}.ts`));
  const wiring = near.filter((one) => /\/(make|open)-[a-z-]+\.ts$|\/hardware\.ts$/.test(one));
  return [...near, ...wiring.flatMap(reachedFrom)];
}

test('the walk of one frame has at most 14 files, none twice, and all of them exist', () => {
  expect(walk.length).toBeGreaterThan(8);
  expect(walk.length).toBeLessThanOrEqual(14);
  expect(new Set(walk).size).toBe(walk.length);
  expect(walk.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('the walk goes downward only: each file is used by one above it, or put in place by the table of contents', () => {
  // The gate's end of the pipe is where its half begins.
  const beginnings = ['src/eye/main.ts', 'src/eye/supervisor.ts'];
  const passedBy = walk.filter((file, place) => {
    const above = ['src/main.ts', ...walk.slice(0, place)].flatMap(reachedFrom);
    return !beginnings.includes(file) && !above.includes(file);
  });
  expect(passedBy).toEqual([]);
});

test('every folder of src has its row, in the order that the check holds', () => {
  const rows = [...section('Folders').matchAll(/^\| `([a-z-]+)` /gm)].map(([, folder]) => folder as string);
  const check = readFileSync(join(root, 'scripts/check-shape.mjs'), 'utf8');
  const list = check.slice(check.indexOf('const FOLDERS')).split(']')[0] ?? '';
  expect(rows).toEqual([...list.matchAll(/'([a-z-]+)'/g)].map(([, folder]) => folder));
  const tops = ['evaluation', 'demo', 'bench', 'cli'];
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual([...rows, ...tops].sort());
});

test('every file that the page names is there', () => {
  const named = [...page.matchAll(/`((?:src|test|config|docs|models|systemd)\/[^`\s]+)`/g)].map(
    ([, file]) => file as string,
  );
  const real = named.filter((file) => !/NAME|SECTION/.test(file));
  expect(real.length).toBeGreaterThan(30);
  expect(real.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
