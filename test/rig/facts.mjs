// What a gate told to the site must be in its journal and among its people afterwards.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptJournal, NOT_KEPT, otherThanTold } from './kept-journal.mjs';

/**
 * @param told events that the site received @param changes answered changes of people, in order: id, and whether enrolled afterwards
 * @returns what is missing, in sentences
 */
export async function missingFacts(state, told, changes) {
  const { faults, types } = await keptJournal(state);
  // What a broker is not sure to have delivered it delivers again.
  const once = [...new Map(told.map((event) => [event.id, event])).values()];
  const kept = once.filter(({ type }) => !NOT_KEPT.includes(type));
  const numbered = kept.filter(({ entry }) => entry !== undefined).map(({ entry, type }) => [entry, type]);
  const missing = [...faults, ...otherThanTold(numbered, types)];
  // What the site received before it was on the disk has no number.
  const count = (list, type) => list.filter((one) => one === type).length;
  for (const type of new Set(kept.map((event) => event.type))) {
    const [received, written] = [kept.map((event) => event.type), [...types.values()]].map((list) => count(list, type));
    if (received > written) missing.push(`the site received ${received} × ${type}, ${written} are kept`);
  }
  const enrolled = JSON.parse(readFileSync(join(state, 'people.json'), 'utf8')).people;
  for (const [id, there] of new Map(changes.map((change) => [change.id, change.there])))
    if (Object.hasOwn(enrolled, id) !== there)
      missing.push(`${id} was ${there ? 'enrolled' : 'removed'}, and the file says otherwise`);
  return missing;
}
