import { expect, test } from 'vitest';
import { closeAll, closeEach, endInOrder } from '../../src/kit/closing.js';
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

test('endings follow one another, each waits for the one before, and all that failed is reported at the end', async () => {
  const said: string[] = [];
  const ending = endInOrder(
    [
      ['the site', async () => void said.push('site')],
      ['the journal', () => Promise.reject(new Error('the disk is full'))],
      ['the door', () => void said.push('door')],
      [
        'the store',
        () => {
          throw new Error('EIO');
        },
      ],
    ],
    new ManualClock(),
    6000,
  );
  await expect(ending).rejects.toThrow('the journal: the disk is full; the store: EIO');
  expect(said).toEqual(['site', 'door']);
});

test('all have one limit together: what hangs is left behind and named, and those after it end all the same', async () => {
  const clock = new ManualClock();
  const told: [string, number][] = [];
  const hang = (what: string) => (leftMs: number) => {
    told.push([what, leftMs]);
    // Its time goes by once it is waited for.
    queueMicrotask(() => clock.advance(leftMs + 250));
    return new Promise(() => undefined);
  };
  const ends = (what: string) => (leftMs: number) => void told.push([what, leftMs]);
  const slow = (what: string) => (leftMs: number) => {
    ends(what)(leftMs);
    clock.advance(1000);
  };
  const ending = endInOrder(
    [
      ['the site', slow('site')],
      ['the journal', hang('journal')],
      ['the people', hang('people')],
      ['the wires', ends('wires')],
    ],
    clock,
    6000,
  );
  await expect(ending).rejects.toThrow(/^the journal: it did not end in time .*; the people: it did not end in time/);
  expect(told).toEqual([
    ['site', 6000],
    ['journal', 5000],
    ['people', 250],
    ['wires', 250],
  ]);
});
