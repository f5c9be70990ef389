import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClosedSegment, duePurge } from '../../src/journal/retention.js';

const policy = { maxAgeMs: 100, maxBytes: 1000, maxSegments: 5, sinceMs: 10 };
const file = (bytes: number, newestMs?: number): ClosedSegment => ({ bytes, newestMs });

test.each<[string, readonly ClosedSegment[], number, number | undefined, number]>([
  ['an empty journal has nothing to purge', [], 0, 500, 0],
  ['young and small files stay', [file(100, 450), file(100, 480)], 100, 500, 0],
  ['files older than allowed are purged', [file(100, 399), file(100, 400)], 100, 500, 1],
  ['without a trusted clock age does not count', [file(100, 1), file(100, 2)], 100, undefined, 0],
  ['the oldest files are purged until the rest fits', [file(400, 450), file(400, 460), file(400, 470)], 100, 500, 1],
  ['the file that is being written counts for the size', [file(400, 450), file(400, 460)], 999, 500, 2],
  ['the file that is being written is never purged', [], 5000, 500, 0],
  ['when there are too many files, the oldest are purged', [1, 2, 3, 4, 5, 6].map((t) => file(1, 490 + t)), 1, 500, 2],
  ['an unreadable file is purged together with an old file after it', [file(1), file(1, 399)], 1, 500, 2],
  [
    'a file that a wrong clock dated into the future is purged together with an old file after it',
    [file(1, 9e9), file(1, 399)],
    1,
    500,
    2,
  ],
  [
    'a young file before an old one is purged together with it where others say that the clock was ahead',
    [file(1, 450), file(1, 395), file(1, 399)],
    1,
    500,
    3,
  ],
  ['of two files that contradict each other neither is purged', [file(1, 450), file(1, 399)], 1, 500, 0],
  ['a clock that began in 1970 makes no file old', [file(1, 450), file(1, 5), file(1, 460)], 1, 500, 0],
  ['nor when it did so for longer than the right one', [file(1, 450), file(1, 5), file(1, 6), file(1, 7)], 1, 500, 0],
  ['nor one that was behind for a while', [file(1, 440), file(1, 450), file(1, 300), file(1, 460)], 1, 500, 0],
  ['what was written with it goes with the next old file', [file(1, 350), file(1, 5), file(1, 360)], 1, 500, 3],
  ['and stays while that is young', [file(1, 350), file(1, 5), file(1, 460)], 1, 500, 1],
])('%s', (_rule, segments, openBytes, nowMs, count) => {
  expect(duePurge(segments, openBytes, policy, nowMs)).toBe(count);
});

test('whatever one wrong clock has written, no file that is young goes by its age', () => {
  const right = fc.uniqueArray(fc.integer({ min: 10, max: 500 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(right, fc.integer({ min: -1000, max: 1000 }), fc.nat(8), (times, wrong, at) => {
      const rights = times.sort((a, b) => a - b).map((time) => file(1, time));
      const place = Math.min(at, rights.length);
      const all = [...rights.slice(0, place), file(1, wrong), ...rights.slice(place)];
      const many = { ...policy, maxSegments: 100 };
      const gone = all.slice(0, duePurge(all, 1, many, 500)).filter((one) => rights.includes(one));
      expect(gone.filter(({ newestMs }) => (newestMs as number) >= 400)).toEqual([]);
    }),
  );
});
