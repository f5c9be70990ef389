// pure
import { messageOf, OperatingError } from '../kit/errors.js';
import { authorSchema, PEOPLE_MAX, type Person, personIdSchema, versionSchema } from '../person/person.js';
import { isRemoval, type Removal, type SiteRecord } from './merge.js';
import { STRANGERS_MAX } from './people-document.js';
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

function checkedRemoval({ id, version, by }: Removal): Removal {
  const valid = [personIdSchema.safeParse(id), versionSchema.safeParse(version), authorSchema.optional().safeParse(by)];
  if (valid.every(({ success }) => success)) return { id, removed: true, version, ...(by !== undefined && { by }) };
  throw invalid(`the removal of "${id}" at "${version}" is not valid`);
}

/** The id of a removed person must never become another person's. @throws OperatingError KAIMON_PEOPLE_ID_USED */
export function checkFresh(id: string, state: PeopleState): void {
  if (!state.removed.has(id)) return;
  const why = `the id "${id}" belonged to somebody who was removed: choose another id`;
  throw new OperatingError('KAIMON_PEOPLE_ID_USED', why);
}

/**
 * A new id may find no room; changes and removals of people who are enrolled always fit, and removals take no room from people.
 * @throws OperatingError KAIMON_PEOPLE_FULL
 */
export function checkRoom(record: SiteRecord, state: PeopleState): void {
  const { people } = state;
  if (!isRemoval(record) && !people.has(record.id) && people.size >= PEOPLE_MAX)
    throw full(`nobody can be added: ${PEOPLE_MAX} people are enrolled already`);
  if (!state.hasRoom(record))
    throw full(`${STRANGERS_MAX} removals of ids that were never known here are remembered, no further one is taken`);
}

const invalid = (why: string, cause?: unknown): OperatingError =>
  new OperatingError('KAIMON_PEOPLE_RECORD', why, { cause });

const full = (why: string): OperatingError => new OperatingError('KAIMON_PEOPLE_FULL', why);
