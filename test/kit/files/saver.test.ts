import { describe, expect, test } from 'vitest';
import { Saver } from '../../../src/kit/files/saver.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';

const RETRY = { firstMs: 1000, factor: 2, maxMs: 3000, jitter: 0 };

/** A disk whose writes the test lets end one by one. */
function setUp() {
  const writes: { end: () => void; fail: (why: Error) => void }[] = [];
  const started: (() => void)[] = [];
  const clock = new ManualClock();
  const write = () =>
    new Promise<void>((end, fail) => {
      writes.push({ end, fail });
      started.shift()?.();
    });
  const saver = new Saver({ name: 'people store', write, clock, log: silentLog, retry: RETRY });
  /** Resolves when write number `n` (from 1) has begun. */
  const begun = async (n: number) => {
    while (writes.length < n) await new Promise<void>((resolve) => started.push(resolve));
    return writes[n - 1] ?? expect.fail(`write ${n}`);
  };
  return { saver, clock, writes, begun };
}

const full = new Error('the disk is full');

describe('saving', () => {
  test('a burst in one turn of the loop is one write', async () => {
    const { saver, begun, writes } = setUp();
    const burst = Promise.all(Array.from({ length: 1000 }, () => saver.save()));
    (await begun(1)).end();
    await burst;
    expect(writes).toHaveLength(1);
  });

  test('changes during a write go together into exactly one more', async () => {
    const { saver, begun, writes } = setUp();
    const order: string[] = [];
    const one = saver.save().then(() => order.push('first'));
    const write = await begun(1);
    const rest = [saver.save(), saver.save(), saver.save()].map((saved) => saved.then(() => order.push('later')));
    write.end();
    await one;
    expect(order).toEqual(['first']);
    (await begun(2)).end();
    await Promise.all(rest);
    expect(writes).toHaveLength(2);
    expect(order).toEqual(['first', 'later', 'later', 'later']);
  });

  test('a failed write rejects its callers and no others', async () => {
    const { saver, begun } = setUp();
    const lost = Promise.allSettled([saver.save(), saver.save()]);
    const write = await begun(1);
    const next = saver.save();
    write.fail(full);
    expect(await lost).toEqual([expect.objectContaining({ reason: full }), expect.objectContaining({ reason: full })]);
    expect(saver.fault).toBe(full);
    (await begun(2)).end();
    await next;
    expect(saver.fault).toBeUndefined();
  });

  test('what failed is tried again by itself, with growing pauses, until it is saved', async () => {
    const { saver, clock, begun, writes } = setUp();
    const lost = Promise.allSettled([saver.save()]);
    (await begun(1)).fail(full);
    await lost;
    for (const [n, pause] of [1000, 2000, 3000, 3000].entries()) {
      clock.advance(pause - 1);
      await Promise.resolve();
      expect(writes).toHaveLength(n + 1);
      clock.advance(1);
      const again = await begun(n + 2);
      if (n < 3) again.fail(full);
      else again.end();
      // The failure is handled, and the next try armed, within the microtasks of this turn.
      await new Promise(setImmediate);
    }
    expect(saver.fault).toBeUndefined();
    clock.advance(60_000);
    await new Promise(setImmediate);
    expect(writes).toHaveLength(5);
  });

  const refused = (message: string) => ({ status: 'rejected', reason: { code: 'KAIMON_FILE_WRITE', message } });
  const late = (seconds: number) => refused(`the disk has not answered for ${seconds} seconds`);
  const tooSlow = refused('the disk did not take it in the time there was to end');

  test('nobody waits for a disk that hangs: all that wait are told, who comes later at once, and all is saved once it answers', async () => {
    const { saver, clock, begun, writes } = setUp();
    const first = Promise.allSettled([saver.save()]);
    const write = await begun(1);
    clock.advance(9_000);
    const second = Promise.allSettled([saver.save()]);
    expect([saver.hangs, saver.fault]).toEqual([false, undefined]);
    clock.advance(1_000);
    expect([await first, await second]).toMatchObject([[late(10)], [late(10)]]);
    expect(await Promise.allSettled([saver.save()])).toMatchObject([late(10)]);
    expect([saver.hangs, saver.fault]).toMatchObject([true, late(10).reason]);
    write.end();
    (await begun(2)).end();
    await new Promise(setImmediate);
    expect([saver.hangs, saver.fault, writes.length]).toEqual([false, undefined, 2]);
  });

  test('a disk that hangs again in the next write is told again, though nobody waits for that write any more', async () => {
    const { saver, clock, begun } = setUp();
    const told = Promise.allSettled([saver.save()]);
    const write = await begun(1);
    clock.advance(10_000);
    await told;
    await Promise.allSettled([saver.save()]);
    write.end();
    await begun(2);
    expect(saver.fault).toBeUndefined();
    clock.advance(10_000);
    expect([saver.hangs, saver.fault]).toMatchObject([true, late(10).reason]);
  });

  test('a write that fails after it was late is tried again', async () => {
    const { saver, clock, begun } = setUp();
    const told = Promise.allSettled([saver.save()]);
    const write = await begun(1);
    clock.advance(10_000);
    expect(await told).toMatchObject([late(10)]);
    write.fail(full);
    await new Promise(setImmediate);
    expect([saver.hangs, saver.fault]).toEqual([false, full]);
    clock.advance(1_000);
    (await begun(2)).end();
    await new Promise(setImmediate);
    expect(saver.fault).toBeUndefined();
  });

  test('closing does not wait for a disk that hangs, and not long for one that may', async () => {
    const hanging = setUp();
    const lost = Promise.allSettled([hanging.saver.save()]);
    await hanging.begun(1);
    hanging.clock.advance(10_000);
    await lost;
    expect(await Promise.allSettled([hanging.saver.close()])).toMatchObject([late(10)]);

    const { saver, clock, begun } = setUp();
    const waiting = Promise.allSettled([saver.save()]);
    await begun(1);
    const closing = Promise.allSettled([saver.close()]);
    clock.advance(5_000);
    expect([await closing, await waiting]).toMatchObject([[tooSlow], [tooSlow]]);
    expect(saver.hangs).toBe(true);
  });

  test('closing waits no longer than it is told, the write that is tried once more included', async () => {
    const { saver, clock, begun } = setUp();
    void Promise.allSettled([saver.save()]);
    const write = await begun(1);
    const closing = Promise.allSettled([saver.close(2_000)]);
    clock.advance(1_500);
    write.fail(full);
    await begun(2);
    clock.advance(500);
    expect(await closing).toMatchObject([tooSlow]);
  });

  test('a slow write that goes on is not late, however long it takes; one that stops going on is', async () => {
    const { saver, clock, begun } = setUp();
    const slow = saver.save();
    const write = await begun(1);
    for (let part = 0; part < 10; part++) {
      clock.advance(9_000);
      saver.progress();
    }
    expect(saver.fault).toBeUndefined();
    write.end();
    await slow;
    const stuck = Promise.allSettled([saver.save()]);
    await begun(2);
    saver.progress();
    clock.advance(10_000);
    expect(await stuck).toMatchObject([late(10)]);
    // Nothing is counted any more once nothing is written.
    const other = setUp();
    other.saver.progress();
    other.clock.advance(60_000);
    expect(other.saver.fault).toBeUndefined();
  });

  test('closing waits for the write that runs and the one that is due', async () => {
    const { saver, begun } = setUp();
    const saves = [saver.save()];
    const write = await begun(1);
    saves.push(saver.save());
    let closed = false;
    const closing = saver.close().then(() => {
      closed = true;
    });
    write.end();
    const second = await begun(2);
    expect(closed).toBe(false);
    second.end();
    await closing;
    await Promise.all(saves);
  });

  test('closing tries a failed write once more, rejects when it fails again, and leaves no timer', async () => {
    const { saver, clock, begun, writes } = setUp();
    const lost = Promise.allSettled([saver.save()]);
    (await begun(1)).fail(full);
    await lost;
    const closing = Promise.allSettled([saver.close()]);
    (await begun(2)).fail(full);
    expect((await closing)[0]).toMatchObject({ status: 'rejected', reason: full });
    clock.advance(60_000);
    await new Promise(setImmediate);
    expect(writes).toHaveLength(2);
  });
});
