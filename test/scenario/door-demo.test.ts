import { expect, test } from 'vitest';
import { STEPS } from '../../src/demo/door-script.js';
import { discard, kaimon, notReady, scratch } from './harness.js';

test.skipIf(notReady)(
  `kaimon demo --door: exit button, held, forced, tamper, fire, a broken relay; state, alarms and journal are right${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const folder = scratch();
    try {
      const { code, stdout, stderr } = await kaimon('demo', '--door', '--json', '--out', folder);
      const result = JSON.parse(stdout);
      expect(result.steps, stderr).toHaveLength(STEPS.length);
      for (const { title, wrong } of result.steps) expect([title, wrong]).toEqual([title, []]);
      expect(result.journal).toMatchObject({ whole: true, missing: 0 });
      expect(result.journal.newest.at(-1).entry.type).toBe('stopped');
      expect([code, result.ok]).toEqual([0, true]);
    } finally {
      discard(folder);
    }
  },
  120_000,
);
