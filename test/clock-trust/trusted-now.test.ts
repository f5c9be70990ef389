import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isClockTrusted } from '../../src/clock-trust/trusted-now.js';
import { systemClock } from '../../src/kit/system-clock.js';
import { tempFolder } from '../store/sample.js';

test('a command trusts a clock that nobody checks, and none that was set back', async () => {
  const state = await tempFolder();
  expect(await isClockTrusted('unchecked', state, systemClock)).toBe(true);
  const times = { schema: 1, network: '2999-01-01T00:00:00.000Z', battery: null };
  writeFileSync(join(state, 'clock.json'), JSON.stringify(times));
  expect(await isClockTrusted('auto', state, systemClock)).toBe(false);
});
