// pure
import type { WallMs } from '../kit/clock.js';
import type { Person } from '../person/person.js';
import type { Calendar } from '../schedule/calendar.js';
import { isOpen, type Schedule } from '../schedule/hours.js';
import type { Reason } from './reasons.js';
import { whyNotValid } from './validity.js';

/** The group of a person who has none. */
export const DEFAULT_GROUP = 'default';

/** Who may enter when. */
export interface AccessRules {
  readonly calendar: Calendar;
  /** The schedules of each group; a person may enter while one of them is open. Empty: everybody at any time. */
  readonly groups: ReadonlyMap<string, readonly Schedule[]>;
  /** There are hours in which the door is locked for every face: then each grant depends on the time. */
  readonly lockedHours: boolean;
}

type Rights = Pick<Person, 'groups' | 'validFrom' | 'validUntil'>;

/** The schedules that let a person in. Groups that the rules do not know give nothing: a slip must not open a door. */
export function schedulesOf({ groups }: Pick<Person, 'groups'>, rules: AccessRules): readonly Schedule[] {
  if (rules.groups.size === 0) return [{ kind: 'always' }];
  const names = groups.length === 0 ? [DEFAULT_GROUP] : groups;
  return names.flatMap((name) => rules.groups.get(name) ?? []);
}

/** Whether it takes the time of day or the date to say if this person may enter. */
export function dependsOnTime(person: Rights, rules: AccessRules): boolean {
  const timeless = schedulesOf(person, rules).some(({ kind }) => kind === 'always');
  return rules.lockedHours || person.validFrom !== null || person.validUntil !== null || !timeless;
}

/**
 * Why a person may not enter at `now` by dates, groups and hours; undefined when they may.
 * @param clockTrusted false: whatever depends on the time is refused, with the reason `clock`.
 */
export function whyNotNow(person: Rights, now: WallMs, rules: AccessRules, clockTrusted: boolean): Reason | undefined {
  const schedules = schedulesOf(person, rules).filter(({ kind }) => kind !== 'never');
  if (schedules.length === 0) return 'no-access-now';
  if (!clockTrusted && dependsOnTime(person, rules)) return 'clock';
  const invalid = whyNotValid(person, now);
  if (invalid) return invalid;
  return schedules.some((schedule) => isOpen(schedule, now, rules.calendar)) ? undefined : 'no-access-now';
}
