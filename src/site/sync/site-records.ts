import type { SiteKeys } from '../../keys/open-keys.js';
import type { Clock } from '../../kit/clock.js';
import type { Passage } from '../../passback/passback.js';
import type { SiteRecord } from '../../store/merge.js';
import type { Names, Topics } from '../topics.js';
import { guardedRecords, passageRoles, peopleRoles, peopleSealed } from './guarded-records.js';
import { type PassageSource, passageRecords } from './passage-records.js';
import { type PeopleRules, type PeopleSource, peopleRecords } from './people-records.js';
import type { SharedRecords } from './shared-records.js';

export interface SiteRecordsParts {
  readonly names: Names;
  readonly topics: Topics;
  readonly people: PeopleSource;
  readonly passages?: PassageSource | undefined;
  readonly keys?: SiteKeys | undefined;
  readonly rules: PeopleRules;
  readonly clock: Clock;
}

/** The records that a site shares, signed where it has keys. @param sources passages are undefined where anti-passback is off */
export function siteRecords(sources: SiteRecordsParts): {
  readonly people: SharedRecords<SiteRecord>;
  readonly passages: SharedRecords<Passage> | undefined;
} {
  const { names, topics, keys, rules, clock } = sources;
  const people = peopleRecords(sources.people, topics, rules);
  const passages = sources.passages && passageRecords(sources.passages, topics, clock);
  if (!keys) return { people, passages };
  const { site } = names;
  return {
    people: guardedRecords(people, { site, kind: 'people', keys, roles: peopleRoles, sealed: peopleSealed }),
    passages:
      passages && guardedRecords(passages, { site, kind: 'passages', keys, roles: passageRoles, sealed: () => false }),
  };
}
