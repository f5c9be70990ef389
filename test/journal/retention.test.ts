import { expect, test } from 'vitest';
import { type ClosedSegment, duePurge } from '../../src/journal/retention.js';

const policy = { maxAgeMs: 100, maxBytes: 1000, maxSegments: 5 };
const file = (bytes: number, newestMs?: number): ClosedSegment => ({ bytes, newestMs });

test.each<[string, readonly ClosedSegment[], number, number | undefined, number]>([
  ['nothing is purged from nothing', [], 0, 500, 0],
  ['young and small stays', [file(100, 450), file(100, 480)], 100, 500, 0],
  ['what is older than allowed goes', [file(100, 399), file(100, 400)], 100, 500, 1],
  ['without a trusted clock age does not count', [file(100, 1), file(100, 2)], 100, undefined, 0],
  ['the oldest go until the rest fits', [file(400, 450), file(400, 460), file(400, 470)], 100, 500, 1],
  ['the file that is being written counts', [file(400, 450), file(400, 460)], 999, 500, 2],
  ['the file that is being written never goes', [], 5000, 500, 0],
  ['too many files go, too', [1, 2, 3, 4, 5, 6].map((t) => file(1, 490 + t)), 1, 500, 2],
  ['an unreadable file goes with those after it', [file(1), file(1, 399)], 1, 500, 2],
  ['a file that a wrong clock dated into the future goes with those after it', [file(1, 9e9), file(1, 399)], 1, 500, 2],
  ['an old file behind a young one takes it along: it was written later', [file(1, 450), file(1, 399)], 1, 500, 2],
])('%s', (_rule, segments, openBytes, nowMs, count) => {
  expect(duePurge(segments, openBytes, policy, nowMs)).toBe(count);
});
