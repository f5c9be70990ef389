import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REASONS } from '../../src/access/reasons.js';

test('docs/mqtt.md explains every reason of a refusal with its sentence, and no other', () => {
  const page = readFileSync(new URL('../../docs/mqtt.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('### Reasons')).split('\n### ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm)].map(([, reason, sentence]) => [
    reason,
    sentence,
  ]);
  expect(Object.fromEntries(rows)).toEqual(REASONS);
});
