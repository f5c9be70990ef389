// pure
import type { WallMs } from '../../kit/clock.js';

const DAY_MS = 24 * 60 * 60_000;

/**
 * So much longer than `sync.tombstoneDays` a removal is kept: a removal may be dated so much before the other gates heard of it without
 * being dated anew.
 */
export const SLACK_MS = 7 * DAY_MS;

/** So long after its version a removal is forgotten, here and at the broker. */
export const forgetAfterMs = (tombstoneDays: number): number => tombstoneDays * DAY_MS + SLACK_MS;

export interface Presence {
  /** When the gate was last in sync, by a trusted clock; null: never, as far as is known. */
  readonly inSyncMs: WallMs | null;
  readonly tombstoneDays: number;
  /** The time; undefined while the clock is not trusted. */
  readonly nowMs: WallMs | undefined;
  /** When the network last confirmed the clock; null: never. */
  readonly confirmedMs: WallMs | null;
  /** Whether the broker is connected. */
  readonly connected: boolean;
}

/**
 * Whether this gate was away for so long that it may know people of whom nobody remembers that they were removed. While the broker
 * is away, too, only a time that the network has confirmed says so: a wrong battery clock must not shut out everybody where there is
 * nobody to ask.
 */
export function isAbsent({ inSyncMs, tombstoneDays, nowMs, confirmedMs, connected }: Presence): boolean {
  if (inSyncMs === null) return false;
  const untilMs = inSyncMs + tombstoneDays * DAY_MS;
  return (connected && nowMs !== undefined && nowMs >= untilMs) || (confirmedMs !== null && confirmedMs >= untilMs);
}

/** When people are set aside unless the gate is in sync before; undefined while there is more than half of the time left. */
export function dueAbsence({ inSyncMs, tombstoneDays, nowMs }: Presence): WallMs | undefined {
  if (inSyncMs === null || nowMs === undefined) return undefined;
  const ms = tombstoneDays * DAY_MS;
  return nowMs - inSyncMs > ms / 2 ? ((inSyncMs + ms) as WallMs) : undefined;
}
