import type { WallMs } from '../../kit/clock.js';
import type { Person, Tombstone } from '../../person/person.js';
import { type MergeOutcome, versionMs } from '../../person/version.js';
import { isContentOf, isRemovalStamp, type SiteRecord, stampOf, stampVersion, supersedes } from '../../store/merge.js';
import type { PeopleChange } from '../../store/people-options.js';
import { personText } from '../../store/record.js';
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
  /** What {@link merge} would make of a record; `full`: it would find no room. */
  outcome(record: SiteRecord): MergeOutcome | 'full';
  merge(record: SiteRecord): Promise<MergeOutcome>;
  onChange(listener: (change: PeopleChange) => void): () => void;
}

/** How long people are remembered, and whether this gate may put them back: see PeopleCare. */
export interface PeopleRules {
  /** The time; undefined while the clock is not trusted. */
  readonly now: () => WallMs | undefined;
  /** So long after its version a removal is forgotten, here and at the broker. */
  readonly forgetMs: number;
  /** Whether it is not known that this gate was in sync lately: people whom the broker lacks may have been removed meanwhile. */
  readonly holdsBack: () => boolean;
}

/** Reads a record of `S/people/<id>`. */
export function readRecord(id: string, payload: Uint8Array, people: PeopleSource): ReceivedRecord<SiteRecord> {
  if (payload.byteLength === 0) return { kind: 'empty' };
  if (payload.byteLength > RECORD_MAX) {
    return { kind: 'invalid', why: `the record has ${payload.byteLength} bytes; at most ${RECORD_MAX} are allowed` };
  }
  // Most records of a burst are known to the byte: they need not be read.
  const own = ownRecord(people, id);
  if (own && isTextOf(own, payload)) return { kind: 'same', stamp: stampOf(own) };
  const json = parseJson(payload);
  if (!json.ok) return { kind: 'invalid', why: json.why };
  const parsed = recordSchema.safeParse(json.value);
  if (!parsed.success) return { kind: 'invalid', why: whatIsWrong(parsed.error) };
  const { data } = parsed;
  if (data.id !== undefined && data.id !== id) {
    return { kind: 'invalid', why: `the record of ${data.id} stands in the topic of ${id}` };
  }
  const record = 'removed' in data ? { ...data, id } : data;
  const stamp = stampOf(record);
  switch (people.outcome(record)) {
    case 'full':
      return { kind: 'full', stamp, why: 'no further removal of somebody who was never known here is remembered' };
    case 'same':
      return { kind: 'same', stamp };
    case 'older':
      return { kind: 'older', stamp };
    // One from the future is set aside by whoever merges it.
    case 'future':
    case 'taken':
      // A flood of removals of unknown people keeps nobody else waiting.
      return { kind: 'newer', record, stamp, minor: own === undefined && 'removed' in record };
  }
}

/** This gate's record of an id: a person or a removal. */
export function ownRecord(people: PeopleSource, id: string): SiteRecord | undefined {
  const person = people.get(id);
  if (person) return person;
  const tombstone = people.tombstones().get(id);
  return tombstone && { id, removed: true, version: tombstone.version, by: tombstone.by };
}

/** Without writing the text of a person anew, which costs more than to hash what came. */
const isTextOf = (own: SiteRecord, payload: Uint8Array): boolean =>
  'removed' in own ? Buffer.compare(Buffer.from(textOf(own)), payload) === 0 : isContentOf(own, payload);

/** The payload that the broker keeps for a record. */
const textOf = (record: SiteRecord): string =>
  'removed' in record
    ? JSON.stringify({
        removed: true,
        version: record.version,
        at: new Date(versionMs(record.version)).toISOString(),
        by: record.by,
      })
    : personText(record);

/** The people as records that the site shares. */
export const peopleRecords = (
  people: PeopleSource,
  topics: Topics,
  { now, forgetMs, holdsBack }: PeopleRules,
): SharedRecords<SiteRecord> => {
  const isForgotten = (version: string): boolean => {
    const time = now();
    return time !== undefined && versionMs(version) <= time - forgetMs;
  };
  const stamp = (id: string) => {
    const own = ownRecord(people, id);
    return own && stampOf(own);
  };
  return {
    name: 'people',
    filter: topics.people,
    topic: topics.person,
    ids: () => [...Array.from(people.all(), ({ id }) => id), ...people.tombstones().keys()],
    stamp,
    beats: (own, found) => supersedes(own, found, now()),
    // A removal is a record of its own until it was kept long enough.
    isGone: (id, found) => isRemovalStamp(found) && isForgotten(stampVersion(found)) && stamp(id) === undefined,
    holdsBack: (own) => (isRemovalStamp(own) ? isForgotten(stampVersion(own)) : holdsBack()),
    read: (id, payload) => readRecord(id, payload, people),
    text: (id) => {
      const own = ownRecord(people, id);
      return own && textOf(own);
    },
    merge: (_id, record) => people.merge(record),
    onLocal: (listener) =>
      people.onChange(({ id, origin }) => {
        if (origin !== 'site') listener(id);
      }),
  };
};
