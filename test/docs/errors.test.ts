import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { RESERVED_VARIABLES } from '../../src/config/environment.js';
import { ERROR_SECTIONS, ERRORS } from '../../src/errors/catalogue.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const codesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, code]) => code as string);

test('every error code of the program is explained in docs/errors.md, and no other', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('errors/'),
  );
  const used = new Set(sources.flatMap((file) => codesIn(read(join('src', file)), /'(KAIMON_[A-Z_]+)'/g)));
  // KAIMON_CONFIG is both a variable and a code.
  for (const variable of RESERVED_VARIABLES) if (variable !== 'KAIMON_CONFIG') used.delete(variable);
  const explained = codesIn(read('docs/errors.md'), /^\| `(KAIMON_[A-Z_]+)`/gm);
  expect(explained.length).toBe(new Set(explained).size);
  expect([...used].sort()).toEqual([...explained].sort());
  expect([...explained].sort()).toEqual(Object.keys(ERRORS).sort());
});

test('no code stands in two sections of the catalogue', () => {
  const codes = Object.values(ERROR_SECTIONS).flatMap((section) => Object.keys(section));
  expect(codes.length).toBe(new Set(codes).size);
});
