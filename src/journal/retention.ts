// pure
/** Decides what is purged: whole segments, the oldest first, never the one that is being written. */
import type { Entry } from './entry.js';
import type { Position } from './head.js';

export interface RetentionPolicy {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly maxSegments: number;
}

export interface ClosedSegment {
  /** Chain, personal fields and torn lines together. */
  readonly bytes: number;
  /** Time of its last entry, milliseconds since 1970; undefined where it cannot be read. */
  readonly newestMs: number | undefined;
}

/**
 * How many of the closed segments, oldest first, are to be removed.
 * @param openBytes size of the segment that is being written
 * @param nowMs the wall clock, undefined while it is not trusted: then only the size counts
 */
export function duePurge(
  segments: readonly ClosedSegment[],
  openBytes: number,
  policy: RetentionPolicy,
  nowMs: number | undefined,
): number {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, openBytes);
  let count = 0;
  for (const segment of segments) {
    if (bytes <= policy.maxBytes && segments.length - count < policy.maxSegments) break;
    bytes -= segment.bytes;
    count++;
  }
  return nowMs === undefined ? count : Math.max(count, oldSegments(segments, nowMs - policy.maxAgeMs));
}

/**
 * The newest segment over the age limit takes all before it along: they were written earlier, even if a clock that was
 * ahead for a while gave them a later time.
 */
const oldSegments = (segments: readonly ClosedSegment[], limitMs: number): number =>
  segments.findLastIndex(({ newestMs }) => newestMs !== undefined && newestMs < limitMs) + 1;

/** The type of the entry that explains a purge; it is written before anything is removed. */
export const PURGED = 'journal-purged';

/** The fields of that entry. @param last the last entry that is removed, and its time */
export const purgeFields = (last: Position, time: string, entries: number) => ({
  entries,
  lastN: last.n,
  lastHash: last.hash,
  lastTime: time,
});

/** The last entry that was removed by the purge that `entry` explains; undefined for entries of another type. */
export function purgeOf({ type, fields }: Entry): Position | undefined {
  const { lastN, lastHash } = fields;
  return type === PURGED && typeof lastN === 'number' && typeof lastHash === 'string'
    ? { n: lastN, hash: lastHash }
    : undefined;
}
