// What a gate told to the site must be in its journal and among its people afterwards.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditJournal } from '../../dist/journal/audit/audit.js';
import { queryEntries } from '../../dist/journal/audit/query.js';
import { FileDisk, journalFolder } from '../../dist/journal/file-disk.js';

/** Events that are reported to the site and not kept in the journal. */
const NOT_KEPT = ['greeting', 'people-rejected'];

/**
 * @param told events that the site received @param changes answered changes of people, in order: id, and whether enrolled afterwards
 * @returns what is missing, in sentences
 */
export async function missingFacts(state, told, changes) {
  const disk = new FileDisk(journalFolder(state));
  const { ok, faults } = await auditJournal(disk);
  const missing = ok ? [] : faults.map(({ file, line, text }) => `${file} line ${line}: ${text}`);
  const [types, counts] = [new Map(), new Map()];
  for await (const { entry } of queryEntries(disk, {})) {
    types.set(entry.n, entry.type);
    counts.set(entry.type, (counts.get(entry.type) ?? 0) + 1);
  }
  // What a broker is not sure to have delivered it delivers again.
  const once = [...new Map(told.map((event) => [event.id, event])).values()];
  const kept = once.filter(({ type }) => !NOT_KEPT.includes(type));
  for (const { type, entry } of kept)
    if (entry !== undefined && types.get(entry) !== type)
      missing.push(`entry ${entry} is ${types.get(entry)}, the site received ${type}`);
  // What the site received before it was on the disk has no number.
  for (const type of new Set(kept.map((event) => event.type))) {
    const received = kept.filter((event) => event.type === type).length;
    if (received > (counts.get(type) ?? 0))
      missing.push(`the site received ${received} × ${type}, ${counts.get(type) ?? 0} are kept`);
  }
  const people = JSON.parse(readFileSync(join(state, 'people.json'), 'utf8')).people;
  const enrolled = new Set((Array.isArray(people) ? people : Object.values(people)).map(({ id }) => id));
  for (const [id, there] of new Map(changes.map((change) => [change.id, change.there])))
    if (enrolled.has(id) !== there)
      missing.push(`${id} was ${there ? 'enrolled' : 'removed'}, and the file says otherwise`);
  return { missing, granted: counts.get('granted') ?? 0, told: kept.filter(({ type }) => type === 'granted').length };
}
