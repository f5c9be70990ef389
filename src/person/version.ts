// pure
import { type WallMs, wallMs } from '../kit/clock.js';

/** Greatest time that a version can hold: 13 digits, the year 2286. */
const MS_MAX = 9_999_999_999_999;
const COUNTER_MAX = 0xffff;

/** A version further ahead than this comes from a wrong clock; accepted, it would win over every later change. */
export const FUTURE_MAX_MS = 5 * 60_000;

/**
 * The version of a change made now at `node`: hybrid logical clock, `<13-digit ms>-<4 hex counter>-<node>`.
 * Always sorts after `latest`, even if the wall clock went back or stood still.
 * @param latest the greatest version known anywhere in the store, or null.
 * @param now wall time; clamped to what 13 digits hold.
 * @param node the gate's name, `[a-z0-9_-]{1,32}`.
 * @throws RangeError when no version after `latest` exists (the year 2286).
 */
export function nextVersion(latest: string | null, now: WallMs, node: string): string {
  const wall = Math.min(MS_MAX, Math.max(0, Math.trunc(now)));
  if (latest === null || wall > versionMs(latest)) return versionText(wall, 0, node);
  const counter = Number.parseInt(latest.slice(14, 18), 16);
  if (counter < COUNTER_MAX) return versionText(versionMs(latest), counter + 1, node);
  if (versionMs(latest) >= MS_MAX) throw new RangeError(`no version can follow ${latest}`);
  return versionText(versionMs(latest) + 1, 0, node);
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. A total order. */
export function compareVersions(a: string, b: string): number {
  // Code units, not localeCompare: every gate must sort alike whatever its locale.
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The time part of a version, milliseconds since 1970. It may be ahead of this machine's clock. */
export function versionMs(version: string): WallMs {
  return Number.parseInt(version.slice(0, 13), 10) as WallMs;
}

/**
 * What becomes of a record that arrives: taken in place of what is known, older than that, the same as that, or from the
 * future and left for later.
 */
export type MergeOutcome = 'taken' | 'older' | 'same' | 'future';

/** Whether a version is further ahead of `now` than correct clocks differ. */
export const isFuture = (version: string, now: WallMs): boolean => versionMs(version) > now + FUTURE_MAX_MS;

/** After this time there is no room for later changes, so no clock, right or wrong, is asked about such a version. */
const LAST_MS = MS_MAX - 24 * 60 * 60_000;

/**
 * Whether a version counts as one from the future.
 * @param now the wall clock where it is trusted; undefined: nothing here can say which clock is wrong, so only the end of all time counts
 */
export const isAhead = (version: string, now: WallMs | undefined): boolean =>
  versionMs(version) > (now === undefined ? LAST_MS : now + FUTURE_MAX_MS);

/**
 * The version of a change at a gate whose clock is not trusted: right after what is known, for a version from a clock that is ahead would
 * beat every later change.
 * @param known the version that it follows; null where nothing is known
 */
export const versionWithoutClock = (known: string | null, now: WallMs, node: string): string =>
  nextVersion(known, wallMs(Math.min(now, known === null ? 0 : versionMs(known))), node);

/** The gate that made a version. */
export const nodeOf = (version: string): string => version.slice(19);

const versionText = (ms: number, counter: number, node: string): string =>
  `${String(ms).padStart(13, '0')}-${counter.toString(16).padStart(4, '0')}-${node}`;
