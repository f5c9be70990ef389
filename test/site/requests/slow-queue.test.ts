import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import {
  QUEUE_BYTES_MAX,
  QUEUE_CLIENT_MAX,
  QUEUE_MAX,
  SLOW_AT_ONCE,
  SlowQueue,
  type Turn,
} from '../../../src/site/requests/slow-queue.js';

/** A queue whose jobs end when they are told to. */
function stage() {
  const clock = new ManualClock();
  const queue = new SlowQueue(clock);
  const begun: { readonly who: string; readonly turn: Turn; readonly end: () => void }[] = [];
  const dropped: string[] = [];
  const add = (client: string, bytes = 1, name = client) =>
    queue.add({
      client,
      bytes,
      run: (turn) => new Promise((resolve) => begun.push({ who: name, turn, end: resolve })),
      drop: () => dropped.push(name),
    });
  /** Ends what was begun, one after the other, until nothing is left. */
  const endAll = async (eachMs = 0) => {
    for (let at = 0; at < begun.length; at++) {
      clock.advance(eachMs);
      begun[at]?.end();
      await new Promise(setImmediate);
    }
  };
  return { clock, queue, begun, dropped, add, endAll };
}

describe('the queue of slow requests', () => {
  test('does a few at a time, tells each how many were ahead, and does all of them once', async () => {
    const { begun, add, endAll } = stage();
    for (let n = 0; n < 200; n++) expect(add('office')).toBeUndefined();
    expect(begun).toHaveLength(SLOW_AT_ONCE);
    await endAll();
    expect(begun).toHaveLength(200);
    expect(begun.map(({ turn }) => turn.ahead)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  test('clients take turns: one with one request does not wait for 200 of another', async () => {
    const { begun, add, endAll } = stage();
    for (let n = 0; n < 200; n++) add('office');
    add('desk');
    await endAll();
    expect(begun.findIndex(({ who }) => who === 'desk')).toBeLessThanOrEqual(SLOW_AT_ONCE + 1);
  });

  test('has a depth, for one client and for all, and a bound of bytes', () => {
    const { add } = stage();
    for (let n = 0; n < SLOW_AT_ONCE + QUEUE_CLIENT_MAX; n++) expect(add('office')).toBeUndefined();
    expect(add('office')?.why).toMatch(/^224 of your slow requests/);
    for (let n = QUEUE_CLIENT_MAX; n < QUEUE_MAX; n++) expect(add('desk')).toBeUndefined();
    expect(add('desk')?.why).toMatch(/^256 slow requests/);
    const large = stage();
    for (let n = 0; n < SLOW_AT_ONCE; n++) large.add('office', QUEUE_BYTES_MAX);
    expect(large.add('office', QUEUE_BYTES_MAX)).toBeUndefined();
    expect(large.add('office', 1)?.why).toMatch(/bytes/);
  });

  test('who finds no place is told how long the queue of now takes, as measured', async () => {
    const { clock, begun, add } = stage();
    for (let n = 0; n < 40; n++) add('office');
    for (let n = 0; n < 20; n++) {
      clock.advance(2_000);
      begun[n]?.end();
      await new Promise(setImmediate);
    }
    for (let n = 0; add('office') === undefined; n++) expect(n).toBeLessThan(QUEUE_MAX);
    const full = add('office');
    // Two at a time that end every two seconds: each takes four.
    const expected = (QUEUE_CLIENT_MAX / SLOW_AT_ONCE) * 4_000;
    expect(full?.retryAfterMs).toBeGreaterThan(expected * 0.9);
    expect(full?.retryAfterMs).toBeLessThan(expected * 1.1);
  });

  test('at the stop what waits is dropped by name, and nothing is taken', async () => {
    const { queue, begun, dropped, add, endAll } = stage();
    for (let n = 0; n < 5; n++) add('office', 1, `job ${n}`);
    queue.stop();
    expect(dropped).toEqual(['job 2', 'job 3', 'job 4']);
    expect(add('office')?.why).toMatch(/stopped/);
    await endAll();
    expect(begun).toHaveLength(SLOW_AT_ONCE);
  });
});
