import { expect, test } from 'vitest';
import { type ClosedSegment, duePurge } from '../../src/journal/retention.js';

const policy = { maxAgeMs: 100, maxBytes: 1000, maxSegments: 5 };
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
    'a young file before an old one is purged together with it: it was written earlier',
    [file(1, 450), file(1, 399)],
    1,
    500,
    2,
  ],
])('%s', (_rule, segments, openBytes, nowMs, count) => {
  expect(duePurge(segments, openBytes, policy, nowMs)).toBe(count);
});
