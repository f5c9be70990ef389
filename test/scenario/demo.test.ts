import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { discard, kaimon, notReady, scratch } from './harness.js';

const folder = scratch();
afterAll(() => discard(folder));

test.skipIf(notReady)(
  `the demo lets in the enrolled people and nobody else, and says so in JSON${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const { code, stdout } = await kaimon('demo', '--json', '--out', folder);
    const result = JSON.parse(stdout);
    expect(
      result.approaches.filter(({ expected, got }: { expected: string; got: string }) => expected !== got),
    ).toEqual([]);
    expect(result).toMatchObject({ enrolled: ['Ada', 'Grace'], ok: true });
    expect(result.greetings).toContain('Welcome Ada, have a nice day!');
    expect(result.greetings).toContain('Welcome Grace, have a nice day!');
    expect(result.liveness).toBe('on, with all cues');
    const kept = result.approaches.filter(({ person }: { person: string }) => person.startsWith('Ada on '));
    expect(kept).toMatchObject([
      { person: 'Ada on paper', got: 'refuse' },
      { person: 'Ada on a telephone', got: 'refuse' },
    ]);
    expect(existsSync(join(folder, 'annotated.jpg'))).toBe(true);
    expect(code).toBe(0);
  },
  300_000,
);
