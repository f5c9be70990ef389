import { expect, test } from 'vitest';
import { closeAll, closeEach, type Ending, endInOrder } from '../../src/kit/closing.js';
import { ManualClock } from '../../src/kit/manual-clock.js';

const parts = (closed: string[]) => [
  { close: () => void closed.push('first') },
  {
    close() {
      throw new Error('EIO');
    },
  },
  { close: () => void closed.push('last') },
];

test('one part that does not close keeps no other open, and is reported', () => {
  const closed: string[] = [];
  expect(closeAll(parts(closed))).toEqual(['EIO']);
  expect(() => closeEach(parts(closed))).toThrow('EIO');
  expect(closed).toEqual(['first', 'last', 'first', 'last']);
});

const part = (what: string, end: Ending['end']): Ending => ({ what, end });
const saver = (what: string, end: Ending['end']): Ending => ({ what, end, saves: true });

/** Parts that end, each in its own way, and what they were told: their time, and when. */
function simulated() {
  const clock = new ManualClock();
  const told: [what: string, leftMs: number, atMs: number][] = [];
  const ends = (what: string) => (leftMs: number) => void told.push([what, leftMs, clock.monotonic()]);
  const slow = (what: string, ms: number) => (leftMs: number) => {
    ends(what)(leftMs);
    return new Promise<void>((resolve) => void clock.after(ms, resolve));
  };
  const hangs = (what: string) => (leftMs: number) => {
    ends(what)(leftMs);
    return new Promise<never>(() => undefined);
  };
  /** Lets the time go by until all have ended. @returns how long it took, and what was said */
  const run = async (endings: readonly Ending[]) => {
    let said: string | undefined;
    let tookMs: number | undefined;
    const ending = endInOrder(endings, clock, 6000)
      .catch((thrown: Error) => {
        said = thrown.message;
      })
      .finally(() => {
        tookMs = clock.monotonic();
      });
    while (tookMs === undefined) {
      // Also those that are given no time at all follow one another.
      for (const _ of endings) {
        clock.advance(0);
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (tookMs === undefined) clock.advance(50);
    }
    await ending;
    return { tookMs, said };
  };
  return { told, ends, slow, hangs, run };
}

test('endings follow one another, each waits for the one before, and all that failed is reported at the end', async () => {
  const said: string[] = [];
  const ending = endInOrder(
    [
      part('the site', async () => void said.push('site')),
      part('the journal', () => Promise.reject(new Error('the disk is full'))),
      part('the door', () => void said.push('door')),
      part('the store', () => {
        throw new Error('EIO');
      }),
    ],
    new ManualClock(),
    6000,
  );
  await expect(ending).rejects.toThrow('the journal: the disk is full; the store: EIO');
  expect(said).toEqual(['site', 'door']);
});

test('all have one limit together: what hangs is left behind and named, and those after it end all the same', async () => {
  const { told, ends, slow, hangs, run } = simulated();
  const { said } = await run([
    part('the site', slow('site', 1000)),
    part('the eye', hangs('eye')),
    part('the voice', hangs('voice')),
    part('the wires', ends('wires')),
  ]);
  expect(said).toMatch(/^the eye: it did not end in time .*; the voice: it did not end in time/);
  expect(told).toEqual([
    ['site', 6000, 0],
    ['eye', 5000, 1000],
    ['voice', 250, 6250],
    ['wires', 250, 6750],
  ]);
});

test('however many hang, they are left behind within eight seconds, and every one was told to end', async () => {
  const { told, hangs, run } = simulated();
  const names = Array.from({ length: 12 }, (_, n) => `part ${n}`);
  const { tookMs } = await run(names.map((name) => part(name, hangs(name))));
  expect(told.map(([what]) => what)).toEqual(names);
  expect(tookMs).toBe(8000);
});

test('voice and broker that hang leave the disk its time, and what saves ends at once, not one after the other', async () => {
  const { told, ends, slow, hangs, run } = simulated();
  const { said, tookMs } = await run([
    part('the report', hangs('report')),
    saver('the requests', slow('requests', 900)),
    part('the voice', hangs('voice')),
    part('the broker', hangs('broker')),
    saver('the journal', slow('journal', 3400)),
    part('the cache', ends('cache')),
    saver('the people', slow('people', 3400)),
    part('the door', ends('door')),
  ]);
  expect(said?.match(/the \w+/g)).toEqual(['the report', 'the voice', 'the broker']);
  expect(told).toEqual([
    ['report', 2000, 0],
    ['voice', 250, 2250],
    ['broker', 0, 2500],
    ['cache', 0, 2500],
    ['requests', 3500, 2500],
    ['journal', 3500, 2500],
    ['people', 3500, 2500],
    ['door', 250, 5900],
  ]);
  expect(tookMs).toBe(5900);
});
