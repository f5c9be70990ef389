import { expect, test } from 'vitest';
import { wallMs } from '../../../src/kit/clock.js';
import { silentLog as log } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { InSyncFile } from '../../../src/site/sync/in-sync-file.js';
import { tempFolder } from '../../store/sample.js';

test('when a gate was last in sync outlives a restart, and is not known at first', async () => {
  const parts = { state: await tempFolder(), clock: new ManualClock(), log };
  const first = await InSyncFile.open(parts);
  expect(first.at).toBeNull();
  first.note(wallMs(1_000));
  first.note(wallMs(2_000));
  await first.close();
  expect((await InSyncFile.open(parts)).at).toBe(2_000);
});
