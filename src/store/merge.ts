// pure
import { createHash } from 'node:crypto';
import type { WallMs } from '../kit/clock.js';
import type { Person } from '../person/person.js';
import { isAhead, type MergeOutcome } from '../person/version.js';
import { personText } from './record.js';

/** A person was removed, at `version`. */
export interface Removal {
  readonly id: string;
  readonly removed: true;
  readonly version: string;
  /** Who removed the person; undefined where a gate of before did not say. */
  readonly by?: string | undefined;
  /** Nobody of this id was ever known here. This gate's own note, not part of the record. */
  readonly stranger?: true | undefined;
  /** Made here while the clock was not trusted, or behind what was known. This gate's own note, not part of the record. */
  readonly undated?: true | undefined;
}

/** What the site knows about one id: a person or a removal. */
export type SiteRecord = Person | Removal;

export const isRemoval = (record: SiteRecord): record is Removal => 'removed' in record;

/** Persons are never changed in place, so each is hashed once: ten templates are 55 KB. */
const hashes = new WeakMap<Person, string>();

/** The first 32 hex digits of the SHA-256 of a person's record. */
export function contentHash(person: Person): string {
  const known = hashes.get(person);
  if (known !== undefined) return known;
  const hash = hashOf(personText(person));
  hashes.set(person, hash);
  return hash;
}

/** Whether these bytes are the text of a person's record. */
export const isContentOf = (person: Person, bytes: Uint8Array): boolean => hashOf(bytes) === contentHash(person);

const hashOf = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 32);

/** Stands for a record in comparisons: equal stamps mean equal content, and stamps of one id sort as text as {@link compareRecords} does. */
export const stampOf = (record: SiteRecord): string =>
  isRemoval(record)
    ? `${REMOVAL} ${record.version} ${record.by ?? ''}`
    : `${PERSON} ${record.version} ${contentHash(record)}`;

const PERSON = '0';
const REMOVAL = '1';

/** What can be read off a stamp. */
export const isRemovalStamp = (stamp: string): boolean => stamp.startsWith(REMOVAL);
export const stampVersion = (stamp: string): string => stamp.slice(2, stamp.indexOf(' ', 2));

/**
 * Orders the records of one id, and so decides which of them every gate keeps: a removal is newer than any person, for ids are never used
 * again; then the greater version counts; then, at equal versions (a gate restored from a backup, a broken clock), the greater content
 * hash, of removals the greater author. Zero means the same content. Since every gate keeps the greatest record it has seen, merging is commutative, associative
 * and idempotent: all gates end with the same people, in whatever order and however often the records reach them.
 */
export function compareRecords(a: SiteRecord, b: SiteRecord): number {
  if (a === b) return 0;
  const [stampA, stampB] = [stampOf(a), stampOf(b)];
  return stampA < stampB ? -1 : stampA > stampB ? 1 : 0;
}

/** Whether a stamp is that of a person from the future: by a trusted clock it stands behind every other record of its id. */
export const isAheadStamp = (stamp: string, now: WallMs | undefined): boolean =>
  !isRemovalStamp(stamp) && isAhead(stampVersion(stamp), now);

/** Whether a record replaces another one of its id. @param now the clock where it is trusted */
export function supersedes(stamp: string, other: string, now: WallMs | undefined): boolean {
  const [ahead, otherAhead] = [isAheadStamp(stamp, now), isAheadStamp(other, now)];
  if (ahead !== otherAhead) return otherAhead;
  return stamp > other;
}

/** What becomes of a record that arrives: a removal counts whatever its date. @param now the clock where it is trusted */
export function outcomeOf(
  known: SiteRecord | undefined,
  incoming: SiteRecord,
  now: WallMs | undefined = undefined,
): MergeOutcome {
  const stamp = stampOf(incoming);
  const own = known && stampOf(known);
  if (own === stamp) return 'same';
  if (own !== undefined && isRemovalStamp(own) && !isRemovalStamp(stamp)) return 'older';
  if (isAheadStamp(stamp, now)) return 'future';
  return own === undefined || supersedes(stamp, own, now) ? 'taken' : 'older';
}
