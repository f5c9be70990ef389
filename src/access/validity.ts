// pure
import type { WallMs } from '../kit/clock.js';
import type { Person } from '../person/person.js';
import type { Reason } from './reasons.js';

/** Whether a person's dates allow them in now. `validUntil` is the first moment at which they are no longer allowed. */
export function whyNotValid(person: Pick<Person, 'validFrom' | 'validUntil'>, now: WallMs): Reason | undefined {
  if (person.validFrom !== null && now < Date.parse(person.validFrom)) return 'not-valid-yet';
  if (person.validUntil !== null && now >= Date.parse(person.validUntil)) return 'expired';
  return undefined;
}
