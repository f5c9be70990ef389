import type { Log } from '../kit/log.js';
import type { Person } from '../person/person.js';
import type { AccessRules } from './groups.js';

/** Most names that {@link unknownGroups} gives; more than this is one mistake made often. */
export const UNKNOWN_GROUPS_MAX = 32;

/** Groups that people have and the rules do not know, with the number of people; at most {@link UNKNOWN_GROUPS_MAX}. */
export function unknownGroups(
  people: Iterable<Pick<Person, 'groups'>>,
  rules: AccessRules,
): ReadonlyMap<string, number> {
  const unknown = new Map<string, number>();
  if (rules.groups.size === 0) return unknown;
  for (const { groups } of people)
    for (const name of new Set(groups))
      if (!rules.groups.has(name) && (unknown.has(name) || unknown.size < UNKNOWN_GROUPS_MAX))
        unknown.set(name, (unknown.get(name) ?? 0) + 1);
  return unknown;
}

/** Says in the log which groups of people let nobody in because the configuration does not know them. */
export function warnOfUnknownGroups(
  people: Iterable<Pick<Person, 'groups'>>,
  rules: AccessRules,
  log: Pick<Log, 'warn'>,
): void {
  for (const [group, count] of unknownGroups(people, rules))
    log.warn({ group, people: count }, 'people have a group that access.groups does not know: it lets nobody in');
}
