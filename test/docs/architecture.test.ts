import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
const section = (title: string) => page.slice(page.indexOf(`## ${title}`)).split('\n## ')[0] ?? '';
const walkList = section('The walk of one frame').split('Beside the walk')[0] ?? '';
const walk = [...walkList.matchAll(/^\d+\. `(src\/[^`]+)`/gm)].map(([, file]) => file as string);

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
  // No other file hides in a line of the list.
  const named = walkList
    .split('\n')
    .filter((line) => /^\d+\. /.test(line))
    .join('\n')
    .match(/[\w/-]+\.ts/g);
  expect(named).toEqual(walk);
});

/** Where the walk jumps: the pipe between the processes, and what a table of contents puts in place behind a port. */
const handovers: Readonly<Record<string, string | null>> = {
  'src/eye/main.ts': null,
  'src/eye/supervisor.ts': null,
  'src/gate/gate.ts': 'src/main.ts',
  'src/door/gpio/gpio-lock.ts': 'src/door/hardware.ts',
};

test('the walk goes downward only: each file is used by one above it, or put in place by a table of contents', () => {
  const passedBy = walk.filter((file, place) => {
    const by = handovers[file];
    return by !== null && !(by ? [by] : walk.slice(0, place)).flatMap(reachedFrom).includes(file);
  });
  expect(passedBy).toEqual([]);
});

test('every folder of src has its row, in the order that the check holds', () => {
  const rows = [...section('Folders').matchAll(/^\| `([a-z-]+)` /gm)].map(([, folder]) => folder as string);
  const check = readFileSync(join(root, 'scripts/check-shape.mjs'), 'utf8');
  const list = check.slice(check.indexOf('const FOLDERS')).split(']')[0] ?? '';
  expect(rows).toEqual([...list.matchAll(/'([a-z-]+)'/g)].map(([, folder]) => folder));
  const tops = ['evaluation', 'demo', 'bench', 'doctor', 'cli'];
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
