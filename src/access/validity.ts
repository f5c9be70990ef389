// pure
import type { Clock, WallMs } from '../kit/clock.js';
import type { Person } from '../person/person.js';
import type { Reason } from './reasons.js';

/** Whether a person's dates allow him in now. `validUntil` is the first moment at which he is no longer allowed. */
export function whyNotValid(person: Pick<Person, 'validFrom' | 'validUntil'>, now: WallMs): Reason | undefined {
  if (person.validFrom !== null && now < Date.parse(person.validFrom)) return 'not-valid-yet';
  if (person.validUntil !== null && now >= Date.parse(person.validUntil)) return 'expired';
  return undefined;
}

/** Port: the rules that say whether a person known by face may enter now, and that are told of grants and of attempts to deceive. */
export interface AccessRule {
  readonly whyNot: (person: Person) => Reason | undefined;
  readonly spoofed: () => void;
  /** The door was opened for this person. */
  readonly letIn: (person: Person) => void;
}

/** No rules but people's dates, by a clock that is believed. */
export const byDatesOnly = (clock: Pick<Clock, 'wall'>): AccessRule => ({
  whyNot: (person) => whyNotValid(person, clock.wall()),
  spoofed: () => undefined,
  letIn: () => undefined,
});
