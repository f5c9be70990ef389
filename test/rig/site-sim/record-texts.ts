import type { SiteKeys } from '../../../src/keys/open-keys.js';
import { wallMs } from '../../../src/kit/clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import type { Person } from '../../../src/person/person.js';
import type { PeopleSource } from '../../../src/site/sync/people-records.js';
import { siteRecords } from '../../../src/site/sync/site-records.js';
import { topicsOf } from '../../../src/site/topics.js';
import { SITE } from './gate.js';

/** What a gate puts at the broker for these people. @param keys those of the gate; undefined: neither signed nor sealed */
export function* recordTexts(
  people: readonly Person[],
  keys: SiteKeys | undefined,
): Generator<{ readonly id: string; readonly text: string }, void> {
  const names = { site: SITE, gate: 'g0' };
  const known = new Map(people.map((person) => [person.id, person]));
  const source: PeopleSource = {
    size: known.size,
    get: (id) => known.get(id),
    all: () => known.values(),
    tombstones: () => new Map(),
    outcome: () => 'same',
    merge: async () => 'same',
    onChange: () => () => undefined,
  };
  const rules = { now: () => wallMs(Date.now()), forgetMs: Number.MAX_SAFE_INTEGER, holdsBack: () => false };
  const { people: records } = siteRecords({
    names,
    topics: topicsOf(names),
    people: source,
    keys,
    rules,
    clock: systemClock,
  });
  for (const id of known.keys()) yield { id, text: records.text(id) ?? '' };
}
