import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** In code, as the first argument of what reports, or as the type of a report of the door. */
const reported = [
  ...read('src/report/reporter.ts').matchAll(/(?:#report|#reportIfNew)\(\s*'([a-z-]+)'/g),
  ...read('src/report/reporter.ts').matchAll(/\{ open: '([a-z-]+)', lock: '([a-z-]+)', mode: '([a-z-]+)' \}/g),
  ...read('src/door/door.ts').matchAll(/readonly type: '([a-z-]+)'(?: \| '([a-z-]+)')?/g),
].flatMap((match) => match.slice(1).filter((type) => type !== undefined));

test('docs/mqtt.md and docs/journal.md explain every event', () => {
  expect(reported).toEqual(
    expect.arrayContaining(['spoof', 'enrolled', 'passed', 'camera', 'opened', 'mode-asked', 'forced', 'exit']),
  );
  for (const page of ['docs/mqtt.md', 'docs/journal.md']) {
    const rows = read(page)
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(' | ')[0] ?? '')
      .join('\n');
    const missing = reported.filter((type) => type !== 'greeting' && !rows.includes(`\`${type}\``));
    expect([page, missing]).toEqual([page, []]);
  }
});
