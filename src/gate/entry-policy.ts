import type { AttackAlarm } from '../access/attack-alarm.js';
import { type AccessRules, whyNotNow } from '../access/groups.js';
import type { Reason } from '../access/reasons.js';
import { whyNotValid } from '../access/validity.js';
import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Clock } from '../kit/clock.js';
import type { Whereabouts } from '../passback/whereabouts.js';
import type { Person } from '../person/person.js';

/** Port: whether a person known by face may enter now. The gate reports grants and attempts to deceive to it. */
export interface EntryPolicy {
  /** Why the person may not enter now; undefined when they may. */
  whyNot(person: Person): Reason | undefined;
  /** The door was opened for this person. */
  letIn(person: Person): void;
  /** A picture was held to the camera. @param person whom it showed, if that could be seen */
  spoofed(person: string | undefined): void;
  /** For how long a person's face must have been alive beyond what is asked of everybody, milliseconds. */
  extraProofMs(person: string): number;
}

export interface EntryPolicyParts {
  readonly access: AccessRules;
  readonly clock: Pick<Clock, 'wall'>;
  readonly trustedClock: Pick<TrustedClock, 'trusted'>;
  readonly attackAlarm: Pick<AttackAlarm, 'attempted' | 'extraProofMs'>;
  readonly whereabouts: Pick<Whereabouts, 'refuses' | 'letIn'>;
}

/** The site's rules: dates, groups and hours, anti-passback, in this order. */
export const siteEntryPolicy = ({
  access,
  clock,
  trustedClock,
  attackAlarm,
  whereabouts,
}: EntryPolicyParts): EntryPolicy => ({
  whyNot(person) {
    const why = whyNotNow(person, clock.wall(), access, trustedClock.trusted);
    return why ?? (whereabouts.refuses(person.id) ? 'passback' : undefined);
  },
  letIn: ({ id }) => whereabouts.letIn(id),
  spoofed: (person) => attackAlarm.attempted(person),
  extraProofMs: (person) => attackAlarm.extraProofMs(person),
});

/** No rules but people's dates, and the clock is always trusted: for evaluations and benchmarks. */
export const byDatesOnly = (clock: Pick<Clock, 'wall'>): EntryPolicy => ({
  whyNot: (person) => whyNotValid(person, clock.wall()),
  letIn: () => undefined,
  spoofed: () => undefined,
  extraProofMs: () => 0,
});
