/** Reads the entries of a journal, for `kaimon audit show` and `export`. */
import { type Lines, PLAIN_LINES } from '../../kit/sealing/vault.js';
import type { JournalDisk } from '../disk.js';
import { decodeLine, type Entry, type Fields } from '../entry.js';
import { isAbout } from '../erasing.js';
import { readPersonal } from '../personal.js';
import { personalName, splitLines } from '../segment.js';
import { segmentNames } from './audit.js';

/** An entry and its personal fields, where they were not erased. */
export interface RecordedEntry {
  readonly entry: Entry;
  readonly personal: Fields | undefined;
  /** The personal fields are there, sealed with a key that is not known here. */
  readonly locked?: boolean;
}

export interface EntryFilter {
  /** Milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  /** An id, or a name in any case. */
  readonly person?: string | undefined;
  readonly type?: string | undefined;
}

export function matches({ entry, personal }: RecordedEntry, { sinceMs, person, type }: EntryFilter): boolean {
  if (sinceMs !== undefined && Date.parse(entry.time) < sinceMs) return false;
  if (type !== undefined && entry.type !== type) return false;
  if (person === undefined) return true;
  const { name } = personal ?? {};
  return (
    (personal !== undefined && isAbout(personal, person)) ||
    (typeof name === 'string' && name.toLowerCase() === person.toLowerCase())
  );
}

/**
 * The entries in order, also while the daemon writes. Damaged lines are left out: `kaimon audit verify` reports them.
 * @throws OperatingError KAIMON_FILE_READ
 */
export async function* queryEntries(
  disk: JournalDisk,
  filter: EntryFilter,
  seals: Lines = PLAIN_LINES,
): AsyncGenerator<RecordedEntry> {
  for (const name of await segmentNames(disk)) {
    // Purged since the list was made: nothing is left of it.
    const bytes = await disk.read(name);
    if (!bytes) continue;
    const personal = readPersonal((await disk.read(personalName(name))) ?? Buffer.alloc(0), seals);
    const locked = new Set(personal.locked);
    const fields = new Map(personal.lines.map((line) => [line.n, line.fields]));
    for (const line of splitLines(bytes).lines) {
      const decoded = decodeLine(line);
      if (!('entry' in decoded)) continue;
      const { entry } = decoded;
      const recorded = { entry, personal: fields.get(entry.n), ...(locked.has(entry.n) && { locked: true }) };
      if (matches(recorded, filter)) yield recorded;
    }
  }
}
