// pure
import type { Person } from '../person/person.js';
import { compareVersions } from '../person/version.js';
import { personText } from './record.js';

/** A person was removed, at `version`. */
export interface Removal {
  readonly id: string;
  readonly removed: true;
  readonly version: string;
}

/** What the site knows about one id: a person or a removal. */
export type SiteRecord = Person | Removal;

export const isRemoval = (record: SiteRecord): record is Removal => 'removed' in record;

/**
 * Orders the records of one id by version. At equal versions (a gate restored from a backup, a broken clock) a removal is
 * newer than a person, and of two persons the one whose text sorts last is newer. Zero means the same content. Since every
 * gate keeps the greatest record it has seen, merging is commutative, associative and idempotent: all gates end with the
 * same people, in whatever order and however often the records reach them.
 */
export function compareRecords(a: SiteRecord, b: SiteRecord): number {
  const byVersion = compareVersions(a.version, b.version);
  if (byVersion !== 0 || a === b) return byVersion;
  if (isRemoval(a) || isRemoval(b)) return Number(isRemoval(a)) - Number(isRemoval(b));
  const [textA, textB] = [personText(a), personText(b)];
  return textA < textB ? -1 : textA > textB ? 1 : 0;
}

/** What becomes of a record that arrives: it is taken in place of the known one, it is older, or it is the same. */
export function outcomeOf(known: SiteRecord | undefined, incoming: SiteRecord): 'taken' | 'older' | 'same' {
  if (known === undefined) return 'taken';
  const order = compareRecords(incoming, known);
  return order > 0 ? 'taken' : order < 0 ? 'older' : 'same';
}
