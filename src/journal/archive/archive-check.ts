/** Whether the archives that a journal names are there, and are those that it knew. */
import { segmentNames } from '../audit/audit.js';
import { queryEntries } from '../audit/query.js';
import { type Seam, seamOf } from '../audit/seam.js';
import { decodeLine, hashLine } from '../entry.js';
import { FileDisk, journalFolder } from '../file-disk.js';
import { splitLines } from '../segment.js';
import { RESTORED } from '../writer.js';
import { ARCHIVE_PURGED, archiveFolder } from './archives.js';

/**
 * What is wrong with the archives of a gate's journal, in sentences; one that an entry names as purged may be gone.
 * @param only the name of one of them @throws OperatingError KAIMON_FILE_READ
 */
export async function archiveFaults(state: string, only?: string): Promise<readonly string[]> {
  const own = new FileDisk(journalFolder(state));
  const found = new Map<string, string>();
  for await (const { entry } of queryEntries(own, { type: RESTORED })) {
    const seam = seamOf(entry);
    if (seam.archive === null || (only !== undefined && seam.archive !== only)) continue;
    const fault = await archiveFault(state, seam.archive, seam);
    if (fault !== undefined) found.set(seam.archive, fault);
  }
  if (found.size === 0) return [];
  // Read last: an archive may have been purged since, after the entry that says so.
  for await (const { entry } of queryEntries(own, { type: ARCHIVE_PURGED }))
    found.delete(String(entry.fields['archive']));
  return [...found.values()];
}

async function archiveFault(state: string, archive: string, seam: Seam): Promise<string | undefined> {
  const disk = new FileDisk(archiveFolder(state, archive));
  const known = `entry ${seam.n} of the gate's own journal knows its entry ${seam.archivedN} ${seam.archivedHash}`;
  const names = await segmentNames(disk);
  if (names.length === 0) return `missing: the archive ${archive} is gone, and ${known}`;
  // A journal whose head was lost: nothing more is known of it.
  if (seam.archivedN === 0) return undefined;
  for (const name of [...names].reverse()) {
    for (const line of splitLines((await disk.read(name)) ?? Buffer.alloc(0)).lines) {
      const decoded = decodeLine(line);
      if (!('entry' in decoded) || decoded.entry.n !== seam.archivedN) continue;
      if (hashLine(line) === seam.archivedHash) return undefined;
      return `changed: entry ${seam.archivedN} of the archive ${archive} is another one: ${known}`;
    }
  }
  return `missing: the archive ${archive} does not hold its end: ${known}`;
}
