// pure
import { z } from 'zod';
import type { WallMs } from '../kit/clock.js';
import { versionSchema } from '../person/person.js';
import { compareVersions, isFuture, nextVersion } from '../person/version.js';
import type { Calendar } from '../schedule/calendar.js';

/** Which way this gate leads. */
export type Direction = 'in' | 'out';

export interface PassbackRule {
  /** Off: nothing is remembered. Soft: told, not refused. Hard: refused. */
  readonly mode: 'off' | 'soft' | 'hard';
  readonly direction: Direction;
  /** Local times of each day, in minutes since midnight, at which everybody's whereabouts are forgotten. At most 8. */
  readonly resetAt: readonly number[];
}

/** Where somebody was last known to be; as it travels between the gates of a site. */
export const passageSchema = z.object({
  /** Null: nothing is known any more, and so nothing held against the person. */
  inside: z.boolean().nullable(),
  /** When the passage was, ISO 8601. */
  since: z.iso.datetime(),
  /** Hybrid logical clock with the gate that saw the passage. */
  version: versionSchema,
});
export type Passage = z.infer<typeof passageSchema>;

/** Why a passage does not fit to what is known. */
export interface Misfit {
  /** Hard mode: the reason `passback`. Soft mode: only to be told. */
  readonly refused: boolean;
  readonly detail: string;
  readonly since: string;
}

/**
 * The last moment, up to and with `now`, at which whereabouts were forgotten; undefined without such times. A time that the
 * clock leaves out when it is put forward is made up right after; one that comes twice counts at the first.
 */
export function lastReset(rule: PassbackRule, now: WallMs, calendar: Calendar): WallMs | undefined {
  const { day } = calendar.local(now);
  const resets = [day - 1, day].flatMap((d) => rule.resetAt.map((minute) => calendar.reach(d, minute)));
  const past = resets.filter((at) => at <= now);
  return past.length === 0 ? undefined : (Math.max(...past) as WallMs);
}

/**
 * Whether somebody's passage through this gate contradicts what is known of him; undefined when it does not.
 * @param reset what {@link lastReset} says; undefined while the clock is not trusted, because forgetting grants something.
 */
export function misfitOf(
  rule: PassbackRule,
  known: Passage | undefined,
  reset: WallMs | undefined,
): Misfit | undefined {
  if (rule.mode === 'off' || !known) return undefined;
  if (isVoid(known, reset)) return undefined;
  if (known.inside === null || known.inside !== (rule.direction === 'in')) return undefined;
  const detail = known.inside ? 'this person is already inside' : 'this person is already outside';
  return { refused: rule.mode === 'hard', detail, since: known.since };
}

/** Whether the last reset made a passage void: it counts as unknown, and need not be kept. */
export const isVoid = ({ since }: Passage, reset: WallMs | undefined): boolean =>
  reset !== undefined && Date.parse(since) < reset;

/**
 * A passage seen now.
 * @param inside null to forgive: at every gate nothing is known of the person then @param node the gate's name
 * @param latest the newest version known of anybody; the new one follows it
 */
export const newPassage = (inside: boolean | null, now: WallMs, node: string, latest: string | null): Passage => ({
  inside,
  since: new Date(now).toISOString(),
  version: nextVersion(latest, now, node),
});

/**
 * Whether what another gate saw takes the place of what is known: the newer version wins, in whatever order and however often
 * they come. A version from the future is set aside, as with people.
 */
export const supersedes = (heard: Passage, known: Passage | undefined, now: WallMs): boolean =>
  !isFuture(heard.version, now) && (known === undefined || compareVersions(heard.version, known.version) > 0);
