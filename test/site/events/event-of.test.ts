import { expect, test } from 'vitest';
import { GENESIS } from '../../../src/journal/entry.js';
import type { ReadEntry } from '../../../src/journal/reading/reader.js';
import { eventFieldsOf, isAlarm, isTold } from '../../../src/site/events/event-of.js';

const read = (
  type: string,
  fields: ReadEntry['entry']['fields'],
  personal?: ReadEntry['personal'],
  changes: { readonly erased?: boolean; readonly locked?: boolean } = {},
): ReadEntry => ({
  entry: {
    v: 1,
    n: 7,
    time: '2026-11-24T08:00:00.000Z',
    boot: 'b00t',
    type,
    fields,
    prev: GENESIS,
    ...((personal || changes.erased) && { commitment: GENESIS }),
  },
  personal,
  locked: changes.locked ?? false,
  hash: GENESIS,
});

const ada = { person: 'ada', name: 'Ada' };

test.each<[string, ReadEntry, object]>([
  [
    'a grant',
    read('granted', { reason: null, distance: 0.4, box: [1, 2, 3, 4] }, ada),
    {
      reason: null,
      text: 'the door is opened',
      distance: 0.4,
      box: [1, 2, 3, 4],
      person: 'ada',
      name: 'Ada',
      entry: 7,
    },
  ],
  [
    'a refusal of nobody that is known, with the sentence of its reason',
    read('refused', { reason: 'nobody' }),
    {
      reason: 'nobody',
      text: 'this face belongs to nobody who is enrolled',
      box: null,
      person: null,
      name: null,
      entry: 7,
    },
  ],
  [
    'a sentence of its own',
    read('refused', { reason: 'too-small', text: '40 pixels' }),
    { reason: 'too-small', text: '40 pixels', box: null, person: null, name: null, entry: 7 },
  ],
  [
    'who opened it',
    read('door', { state: 'released', cause: 'open' }, { by: 'office' }),
    { state: 'released', cause: 'open', token: 'office', entry: 7 },
  ],
  [
    'a track',
    read('door', { state: 'released', cause: 'grant', token: 'track-3' }),
    { state: 'released', cause: 'grant', token: 'track-3', entry: 7 },
  ],
  [
    'a request and its words',
    read('opened', { opened: true }, { by: 'office', note: 'parcel' }),
    { by: 'office', reason: 'parcel', opened: true, entry: 7 },
  ],
  [
    'one without words',
    read('lock-asked', { done: true }, { by: 'office' }),
    { by: 'office', reason: null, done: true, entry: 7 },
  ],
  [
    'an enrolment',
    read('enrolled', { version: 'v', templates: 2, forced: false }, { ...ada, by: 'office' }),
    { person: 'ada', name: 'Ada', version: 'v', templates: 2, by: 'office', forced: null, entry: 7 },
  ],
  [
    'a forced one',
    read('enrolled', { version: 'v', templates: 2, forced: true }, { ...ada, by: 'office', other: 'grace' }),
    { person: 'ada', name: 'Ada', version: 'v', templates: 2, by: 'office', forced: 'grace', entry: 7 },
  ],
  [
    'somebody who was erased since',
    read('granted', { reason: null }, undefined, { erased: true }),
    { reason: null, text: 'the door is opened', box: null, person: null, name: null, erased: true, entry: 7 },
  ],
  [
    'somebody whose key is not here',
    read('passed', { direction: 'in' }, undefined, { erased: true, locked: true }),
    { direction: 'in', person: null, name: null, sealed: true, entry: 7 },
  ],
  ['an entry of a kind that this version does not know', read('comet', { size: 3 }), { size: 3, entry: 7 }],
])('%s', (_, entry, expected) => {
  expect(JSON.parse(JSON.stringify(eventFieldsOf(entry)))).toEqual(expected);
});

test('what overtakes, and what is only kept', () => {
  expect(['fire', 'forced', 'tamper', 'attack-alarm', 'granted', 'held-open'].filter(isAlarm)).toEqual([
    'fire',
    'forced',
    'tamper',
    'attack-alarm',
  ]);
  expect(['journal-purged', 'journal-gap', 'erased', 'restored', 'archive-purged', 'people-synced'].some(isTold)).toBe(
    false,
  );
  expect(['granted', 'removed', 'started', 'left-out'].every(isTold)).toBe(true);
});
