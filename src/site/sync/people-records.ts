import { createHash } from 'node:crypto';
import type { Person, Tombstone } from '../../person/person.js';
import type { MergeOutcome } from '../../person/version.js';
import type { SiteRecord } from '../../store/merge.js';
import { parseJson } from '../bounded-json.js';
import { RECORD_MAX, recordSchema, whatIsWrong } from '../messages.js';
import type { Topics } from '../topics.js';
import type { ReceivedRecord, SharedRecords } from './shared-records.js';

/** Port: what the sync needs of the people store. */
export interface PeopleSource {
  readonly size: number;
  get(id: string): Person | undefined;
  all(): Iterable<Person>;
  tombstones(): ReadonlyMap<string, Tombstone>;
  merge(record: SiteRecord): Promise<MergeOutcome>;
  onChange(
    listener: (change: {
      readonly id: string;
      readonly person: Person | undefined;
      readonly origin: 'local' | 'site' | 'file';
    }) => void,
  ): () => void;
}

/** Reads a record of `S/people/<id>`. @param own this gate's version of that id, a removal's included. */
export function readRecord(id: string, payload: Uint8Array, own: string | undefined): ReceivedRecord<SiteRecord> {
  if (payload.byteLength === 0) return { kind: 'empty' };
  if (payload.byteLength > RECORD_MAX) {
    return { kind: 'invalid', why: `the record has ${payload.byteLength} bytes; at most ${RECORD_MAX} are allowed` };
  }
  const json = parseJson(payload);
  if (!json.ok) return { kind: 'invalid', why: json.why };
  // Most records of a burst are known: their templates need not be checked again.
  if (own !== undefined && versionOf(json.value) === own) return { kind: 'same', version: own };
  const parsed = recordSchema.safeParse(json.value);
  if (!parsed.success) return { kind: 'invalid', why: whatIsWrong(parsed.error) };
  const record = parsed.data;
  if (record.id !== undefined && record.id !== id) {
    return { kind: 'invalid', why: `the record of ${record.id} stands in the topic of ${id}` };
  }
  if (own !== undefined && record.version < own) return { kind: 'older', version: record.version };
  return { kind: 'newer', record: 'removed' in record ? { id, removed: true, version: record.version } : record };
}

function versionOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
}

/** This gate's version of a person or of a removal. */
export const ownVersion = (people: PeopleSource, id: string): string | undefined =>
  people.get(id)?.version ?? people.tombstones().get(id)?.version;

/** The payload that the broker keeps for `id`; undefined if this gate does not know the id. */
export function recordText(people: PeopleSource, id: string): string | undefined {
  const person = people.get(id);
  if (person) return JSON.stringify(person);
  const removal = people.tombstones().get(id);
  return removal && JSON.stringify({ removed: true, version: removal.version, at: removal.at });
}

/** The people as records that the site shares. */
export const peopleRecords = (people: PeopleSource, topics: Topics): SharedRecords<SiteRecord> => ({
  name: 'people',
  filter: topics.people,
  topic: topics.person,
  ids: () => [...Array.from(people.all(), ({ id }) => id), ...people.tombstones().keys()],
  version: (id) => ownVersion(people, id),
  // A removal is a record of its own.
  isGone: () => false,
  // The record from the future may be a removal, which must not be undone.
  replacesFuture: false,
  read: (id, payload) => readRecord(id, payload, ownVersion(people, id)),
  text: (id) => recordText(people, id),
  merge: (_id, record) => people.merge(record),
  onLocal: (listener) =>
    people.onChange(({ id, origin }) => {
      if (origin !== 'site') listener(id);
    }),
});

/** What two gates compare to know whether they know the same people. */
export interface PeopleSummary {
  /** The newest version among the people. */
  readonly revision: string;
  readonly count: number;
  /** 16 hex digits over all ids and versions. */
  readonly hash: string;
}

/** The summary of this gate's people. */
export function summaryOf(people: PeopleSource): PeopleSummary {
  const lines: string[] = [];
  let revision = '';
  for (const { id, version } of people.all()) {
    lines.push(`${id} ${version}\n`);
    if (version > revision) revision = version;
  }
  const hash = createHash('sha256').update(lines.sort().join('')).digest('hex').slice(0, 16);
  return { revision, count: people.size, hash };
}
