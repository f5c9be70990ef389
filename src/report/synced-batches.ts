// pure
import type { JournalInput } from '../journal/writer.js';

/** A record that was taken over from another gate. */
export interface SyncedRecord {
  readonly id: string;
  readonly version: string;
  /** Who made it; undefined where a gate of before did not say. */
  readonly by?: string | undefined;
  readonly removed: boolean;
}

/** So many records in one go have an entry each; a gate that takes over a whole site lists several in one. */
const SINGLE_MAX = 16;
/** Values of a list in the journal, and bytes of ids and authors that fit in one entry. */
const LISTED_MAX = 16;
const LISTED_BYTES = 2_600;

/** The records as they are listed together: each batch is of one kind and fits in one entry. */
export function syncedBatches(records: readonly SyncedRecord[]): readonly (readonly SyncedRecord[])[] {
  if (records.length <= SINGLE_MAX) return records.map((record) => [record]);
  const batches: SyncedRecord[][] = [];
  for (const removed of [false, true]) {
    let bytes = 0;
    let batch: SyncedRecord[] | undefined;
    for (const record of records) {
      if (record.removed !== removed) continue;
      const more = Buffer.byteLength(JSON.stringify([record.id, record.by ?? '']));
      if (!batch || batch.length >= LISTED_MAX || bytes + more > LISTED_BYTES) {
        batch = [];
        batches.push(batch);
        bytes = 0;
      }
      batch.push(record);
      bytes += more;
    }
  }
  return batches;
}

/** What the journal keeps of a batch. Who it is about, and who made the records, can be erased; versions cannot, and name nobody. */
export function syncedEntry(records: readonly SyncedRecord[]): JournalInput {
  const removed = records.filter((record) => record.removed).length;
  const counts = { changed: records.length - removed, removed };
  const [first, ...more] = records;
  if (first && more.length === 0)
    return {
      type: 'people-synced',
      fields: { ...counts, version: first.version },
      personal: { person: first.id, by: first.by },
    };
  return {
    type: 'people-synced',
    fields: { ...counts, versions: records.map(({ version }) => version) },
    personal: { people: records.map(({ id }) => id), by: records.map(({ by }) => by ?? '') },
  };
}
