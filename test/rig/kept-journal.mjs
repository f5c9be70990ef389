// What the journal of a state folder has, to be compared with what the site was told.
import { auditJournal } from '../../dist/journal/audit/audit.js';
import { queryEntries } from '../../dist/journal/audit/query.js';
import { FileDisk, journalFolder } from '../../dist/journal/file-disk.js';

/** Events that are reported to the site and not kept in the journal. */
export const NOT_KEPT = ['greeting', 'people-rejected', 'passages-rejected'];

/** Entries of requests that name who asked. */
const ASKED = ['opened', 'lock-asked', 'mode-asked'];

/** @returns faults, in sentences; the type of each entry by its number, and its time; who asked for something at the door; how often its end was repaired */
export async function keptJournal(state) {
  const disk = new FileDisk(journalFolder(state));
  const { ok, faults, notes } = await auditJournal(disk);
  const [types, times, askers] = [new Map(), new Map(), new Set()];
  for await (const { entry, personal } of queryEntries(disk, {})) {
    types.set(entry.n, entry.type);
    times.set(entry.n, Date.parse(entry.time));
    if (ASKED.includes(entry.type)) askers.add(personal.by);
  }
  const sentences = ok ? [] : faults.map(({ file, line, text }) => `${file} line ${line}: ${text}`);
  return { faults: sentences, types, times, askers, repaired: notes.repaired };
}

/** @param told pairs of an entry's number and its type @param types of {@link keptJournal} */
export const otherThanTold = (told, types) =>
  [...told]
    .filter(([n, type]) => types.get(n) !== type)
    .map(([n, type]) => `entry ${n} is ${types.get(n)}, the site received ${type}`);
