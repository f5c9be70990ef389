import { expect, test } from 'vitest';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { Burst } from '../../../src/site/sync/burst.js';

/** How long a burst lasts, in steps of 100 ms, where another message comes with each of the first `noisy` steps. */
async function stepsOf(noisy: number, id = (step: number) => `p${step}`): Promise<number> {
  const clock = new ManualClock();
  const link = { publish: async (_topic: string, marker: string) => void burst.receiveMarker(Buffer.from(marker)) };
  const burst = new Burst({ link: link as never, clock, log: silentLog, topic: 'sync', name: 'people' });
  let over = false;
  void burst
    .over(() => false)
    .then(() => {
      over = true;
    });
  let step = 0;
  for (; !over && step < 2_000; step++) {
    if (step < noisy) burst.received(id(step));
    clock.advance(100);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }
  return step;
}

test('a burst is over soon after its last message, and after a minute whoever goes on writing', async () => {
  expect(await stepsOf(0)).toBeLessThan(10);
  expect(await stepsOf(200)).toBeGreaterThan(200);
  expect(await stepsOf(2_000)).toBeLessThan(620);
});

test('what comes again does not prolong a burst: the broker gives each record once', async () => {
  expect(await stepsOf(2_000, () => 'ada')).toBeLessThan(10);
});
