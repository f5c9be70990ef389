// What a gate told to the site must be in its journal and among its people afterwards.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptJournal, NOT_KEPT, otherThanTold } from './kept-journal.mjs';

/** An event is told two seconds after what it tells of at most, where the disk hangs. */
const NEAR_MS = 5_000;

/**
 * @param told events that the site received @param changes answered changes of people, in order: id, and whether enrolled afterwards
 * @returns what is missing, in sentences
 */
export async function missingFacts(state, told, changes) {
  const { faults, types, times } = await keptJournal(state);
  // What a broker is not sure to have delivered it delivers again.
  const once = [...new Map(told.map((event) => [event.id, event])).values()];
  const kept = once.filter(({ type }) => !NOT_KEPT.includes(type));
  const numbered = kept.filter(({ entry }) => entry !== undefined).map(({ entry, type }) => [entry, type]);
  const missing = [...faults, ...otherThanTold(numbered, types)];
  // What the site received before it was on the disk has no number: one entry of its time for each.
  const left = new Set(types.keys());
  for (const [n] of numbered) left.delete(n);
  for (const { entry, type, time } of kept) {
    if (entry !== undefined) continue;
    const near = [...left].find((n) => types.get(n) === type && Math.abs(times.get(n) - Date.parse(time)) < NEAR_MS);
    if (near === undefined) missing.push(`the site received ${type} of ${time}, and no entry records it`);
    else left.delete(near);
  }
  const { people, removed } = JSON.parse(readFileSync(join(state, 'people.json'), 'utf8'));
  for (const [id, there] of new Map(changes.map((change) => [change.id, change.there])))
    if (Object.hasOwn(people, id) !== there || Object.hasOwn(removed, id) === there)
      missing.push(`${id} was ${there ? 'enrolled' : 'removed'}, and the file says otherwise`);
  return missing;
}
