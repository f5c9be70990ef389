// pure
/** Decides what is purged: whole segments, the oldest first, never the one that is being written. */
import type { Entry } from './entry.js';
import type { Position } from './head.js';

export interface RetentionPolicy {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly maxSegments: number;
  /** No entry is older, whatever it says: milliseconds since 1970. */
  readonly sinceMs: number;
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
  return nowMs === undefined ? count : Math.max(count, oldSegments(segments, nowMs, policy));
}

/**
 * The newest believed segment over the age limit takes all before it along: they were written earlier, even if a clock that was
 * ahead for a while gave them a later time.
 */
function oldSegments(
  segments: readonly ClosedSegment[],
  nowMs: number,
  { maxAgeMs, sinceMs }: RetentionPolicy,
): number {
  const times = segments.map(({ newestMs }) => newestMs);
  const old = believed(times, sinceMs, nowMs).filter((index) => (times[index] as number) < nowMs - maxAgeMs);
  return (old.at(-1) ?? -1) + 1;
}

/**
 * Whose times are believed: the most of them that grow in the order in which they were written. The others had a wrong clock, such as one that
 * begins at the same time at each start, and must not take along what is young. Where two sides are as many, the later times: nothing goes
 * too early then.
 * @returns indexes, ascending (a longest increasing subsequence, found from its end)
 */
function believed(times: readonly (number | undefined)[], sinceMs: number, nowMs: number): readonly number[] {
  /** By length less one: the chain that begins latest. */
  const firsts: { readonly index: number; readonly timeMs: number }[] = [];
  const nexts = new Map<number, number | undefined>();
  for (let index = times.length - 1; index >= 0; index--) {
    const timeMs = times[index];
    if (timeMs === undefined || timeMs < sinceMs || timeMs > nowMs) continue;
    let [length, most] = [0, firsts.length];
    while (length < most) {
      const middle = (length + most) >> 1;
      if ((firsts[middle]?.timeMs as number) > timeMs) length = middle + 1;
      else most = middle;
    }
    // Of two that say the same the one that was written later.
    if (firsts[length]?.timeMs === timeMs) continue;
    nexts.set(index, firsts[length - 1]?.index);
    firsts[length] = { index, timeMs };
  }
  const chain: number[] = [];
  for (let index = firsts.at(-1)?.index; index !== undefined; index = nexts.get(index)) chain.push(index);
  return chain;
}

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
