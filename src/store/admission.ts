// pure
import { messageOf, OperatingError } from '../kit/errors.js';
import { PEOPLE_MAX, type Person, personIdSchema, versionSchema } from '../person/person.js';
import { isRemoval, type Removal, type SiteRecord } from './merge.js';
import { TOMBSTONES_MAX } from './people-document.js';
import type { PeopleState } from './people-state.js';
import { InvalidPeople, readPerson } from './record.js';

/** Checks a record as loading does: what loading would refuse must never be written. @throws OperatingError KAIMON_PEOPLE_RECORD */
export const checkedRecord = (record: SiteRecord): SiteRecord =>
  isRemoval(record) ? checkedRemoval(record) : checkedPerson(record);

/** @throws OperatingError KAIMON_PEOPLE_RECORD */
export function checkedPerson(person: Person): Person {
  try {
    return readPerson(person);
  } catch (cause) {
    if (!(cause instanceof InvalidPeople)) throw cause;
    throw invalid(`the record of "${person.id}" is not valid: ${messageOf(cause)}`, cause);
  }
}

function checkedRemoval({ id, version }: Removal): Removal {
  if (personIdSchema.safeParse(id).success && versionSchema.safeParse(version).success) {
    return { id, removed: true, version };
  }
  throw invalid(`the removal of "${id}" at "${version}" is not valid`);
}

/** The id of a removed person must never become another person's. @throws OperatingError KAIMON_PEOPLE_ID_USED */
export function checkFresh(id: string, state: PeopleState): void {
  if (!state.removed.has(id)) return;
  const why = `the id "${id}" belonged to somebody who was removed: choose another id`;
  throw new OperatingError('KAIMON_PEOPLE_ID_USED', why);
}

/** A new id may find no room; changes and removals of people who are enrolled always fit. @throws OperatingError KAIMON_PEOPLE_FULL */
export function checkRoom(record: SiteRecord, { people, removed }: PeopleState): void {
  if (people.has(record.id)) return;
  if (!isRemoval(record) && people.size >= PEOPLE_MAX) throw full(`${PEOPLE_MAX} people are enrolled already`);
  if (!removed.has(record.id) && removed.size >= TOMBSTONES_MAX) {
    throw full(`${TOMBSTONES_MAX} removals are remembered, no new id fits`);
  }
}

const invalid = (why: string, cause?: unknown): OperatingError =>
  new OperatingError('KAIMON_PEOPLE_RECORD', why, { cause });

const full = (why: string): OperatingError => new OperatingError('KAIMON_PEOPLE_FULL', `nobody can be added: ${why}`);
