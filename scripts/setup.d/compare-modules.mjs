// Prints one line for what node_modules lacks against package-lock.json, nothing when they agree. npm writes
// node_modules/.package-lock.json only after a complete installation: the two lists are compared entry by entry.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2] ?? '.';
const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages ?? {};

/** npm leaves out optional packages that are made for another processor, system or C library. */
const fits = (wish, actual) => wish === undefined || [wish].flat().includes(actual);
const expected = (entry) =>
  !entry.optional ||
  (!entry.libc && entry.os !== undefined && fits(entry.os, 'linux') && fits(entry.cpu, process.arch));

function differences() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return ['all npm packages'];
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf('node_modules/.package-lock.json');
  return Object.entries(wanted)
    .filter(([path, entry]) => {
      if (path === '') return false;
      const found = present[path];
      if (!found) return expected(entry);
      return found.version !== entry.version || !existsSync(join(root, path, 'package.json'));
    })
    .map(([path, entry]) => `${path.replace(/^.*node_modules\//, '')} ${entry.version}`);
}

const lacking = differences();
if (lacking.length > 5) console.log(`${lacking.length} npm packages`);
else for (const line of lacking) console.log(line);
