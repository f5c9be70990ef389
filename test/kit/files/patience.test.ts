import { expect, test } from 'vitest';
import { Patience } from '../../../src/kit/files/patience.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';

const HANGS = { code: 'KAIMON_FILE_WRITE', message: 'the disk has not answered for 10 seconds' };

function setUp() {
  const clock = new ManualClock();
  const patience = new Patience(clock);
  let [end, fail]: [() => void, (why: Error) => void] = [() => undefined, () => undefined];
  const work = () =>
    new Promise<void>((resolve, reject) => {
      [end, fail] = [resolve, reject];
    });
  return { clock, patience, work, end: () => end(), fail: (why: Error) => fail(why) };
}

test('work that goes on is waited for, however long it takes, and gives what it gives', async () => {
  const { clock, patience, work, end } = setUp();
  const waiting = patience.wait(async () => {
    await work();
    return 7;
  });
  for (let part = 0; part < 10; part++) {
    clock.advance(9_999);
    patience.progress();
  }
  end();
  expect(await waiting).toBe(7);
  // Nobody waits: nothing is late.
  clock.advance(60_000);
  expect(await patience.wait(async () => 8)).toBe(8);
});

test.each([
  ['well', undefined],
  ['not', new Error('EIO')],
])(
  'without progress for ten seconds all are told, and whoever comes then, until what hung has ended, %s',
  async (_how, why) => {
    const { clock, patience, work, end, fail } = setUp();
    const waiting = Promise.allSettled([patience.wait(work), patience.wait(() => new Promise(() => undefined))]);
    clock.advance(10_000);
    expect(await waiting).toMatchObject([{ reason: HANGS }, { reason: HANGS }]);
    await expect(patience.wait(async () => expect.fail('begun'))).rejects.toMatchObject(HANGS);
    if (why) fail(why);
    else end();
    await new Promise(setImmediate);
    expect(await patience.wait(async () => 8)).toBe(8);
  },
);
