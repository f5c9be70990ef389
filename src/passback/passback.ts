// pure
import { z } from 'zod';
import type { WallMs } from '../kit/clock.js';
import { versionSchema } from '../person/person.js';
import { compareVersions, isFuture, nextVersion } from '../person/version.js';
import type { Calendar } from '../schedule/calendar.js';

/** Which way this gate leads. */
export type Direction = 'in' | 'out';

export interface PassbackRule {
  /** What happens on a violation. Off: nothing is remembered. Soft: it is reported. Hard: the person is refused. */
  readonly mode: 'off' | 'soft' | 'hard';
  readonly direction: Direction;
  /** Local times of each day, in minutes since midnight, at which everybody's whereabouts are forgotten. At most 8. */
  readonly resetAt: readonly number[];
}

/** Where a person was last known to be; as it travels between the gates of a site. */
export const passageSchema = z.object({
  /** Null: forgiven; nothing is known any more, and the person may go either way. */
  inside: z.boolean().nullable(),
  /** When the passage was, ISO 8601. */
  since: z.iso.datetime(),
  /** Hybrid logical clock with the gate that saw the passage. */
  version: versionSchema,
});
export type Passage = z.infer<typeof passageSchema>;

/** A passage that contradicts where the person is: to come in twice, or to go out twice. */
export interface PassbackViolation {
  /** True in hard mode (the reason `passback`); false in soft mode: it is only reported. */
  readonly refused: boolean;
  /** A sentence: where the person already is. */
  readonly detail: string;
  /** Since when, ISO 8601. */
  readonly since: string;
}

/**
 * The last moment, up to and including `now`, at which whereabouts were forgotten; undefined without such times. A time that the
 * clock leaves out when it is put forward counts right after the gap; of one that comes twice the first counts.
 */
export function lastReset(rule: PassbackRule, now: WallMs, calendar: Calendar): WallMs | undefined {
  const { day } = calendar.local(now);
  const resets = [day - 1, day].flatMap((d) => rule.resetAt.map((minute) => calendar.reach(d, minute)));
  const past = resets.filter((at) => at <= now);
  return past.length === 0 ? undefined : (Math.max(...past) as WallMs);
}

/**
 * The violation that a person's passage through this gate would be; undefined when it fits what is known of them.
 * @param reset what {@link lastReset} says; undefined while the clock is not trusted, because a reset lets people in.
 */
export function violationOf(
  rule: PassbackRule,
  known: Passage | undefined,
  reset: WallMs | undefined,
): PassbackViolation | undefined {
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
 * @param latest the newest version known of all people; the new one follows it
 */
export const newPassage = (inside: boolean | null, now: WallMs, node: string, latest: string | null): Passage => ({
  inside,
  since: new Date(now).toISOString(),
  version: nextVersion(latest, now, node),
});

/**
 * Whether what another gate saw replaces what is known: the newer version wins, in whatever order and however often they arrive.
 * A version from the future is set aside, as with people.
 */
export const supersedes = (received: Passage, known: Passage | undefined, now: WallMs): boolean =>
  !isFuture(received.version, now) && (known === undefined || compareVersions(received.version, known.version) > 0);
