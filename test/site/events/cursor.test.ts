import { describe, expect, test } from 'vitest';
import { GENESIS } from '../../../src/journal/entry.js';
import {
  CURSOR_FORMAT,
  type CursorDocument,
  cursorSchema,
  type FoundJournal,
  NO_CURSOR,
  resume,
} from '../../../src/site/events/cursor.js';

const hash = (digit: string) => digit.repeat(64);
const [A, B, C] = [hash('a'), hash('b'), hash('c')];
const opened = { n: 100, hash: C };
const kept = (told: number, alarms = told, changes: Partial<CursorDocument> = {}): CursorDocument => ({
  ...NO_CURSOR,
  told: { n: told, hash: told === 0 ? GENESIS : A },
  alarms: { n: alarms, hash: alarms === 0 ? GENESIS : B },
  ...changes,
});
const journal = (changes: Partial<FoundJournal> = {}): FoundJournal => ({
  first: 1,
  opened,
  hashes: { told: A, alarms: B },
  ...changes,
});
const fromTheEnd = (first: number) => ({
  told: opened,
  alarms: opened,
  also: [],
  gap: { first, last: 100, hash: C, why: 'unknown' },
});

describe('where to go on', () => {
  test.each<[string, CursorDocument, FoundJournal, object]>([
    [
      'a cursor that fits goes on',
      kept(40, 60),
      journal(),
      { told: { n: 40, hash: A }, alarms: { n: 60, hash: B }, gap: null },
    ],
    ['what was told before the disk had it is kept', kept(40, 60, { also: [70] }), journal(), { also: [70] }],
    [
      'a gap that is not told yet is kept',
      kept(40, 60, { gap: { first: 1, last: 9, hash: B, why: 'purged' } }),
      journal(),
      { gap: { first: 1, last: 9 } },
    ],
    ['a cursor at the end goes on', kept(100, 100), journal(), { told: { n: 100, hash: A }, gap: null }],
    [
      'a cursor before the first entry tells all',
      kept(0, 0),
      journal(),
      { told: { n: 0 }, alarms: { n: 0 }, gap: null },
    ],
    [
      'its entry was purged: it goes on, and the gap is found in reading',
      kept(40, 60),
      journal({ first: 80, hashes: { told: undefined, alarms: undefined } }),
      { told: { n: 40 }, alarms: { n: 60 }, gap: null },
    ],
    [
      'no file, and a new journal: from its beginning',
      NO_CURSOR,
      journal({ first: 0, opened: { n: 0, hash: GENESIS } }),
      { told: { n: 0, hash: GENESIS }, gap: null },
    ],
    [
      'no file: first start after an update, a lost or damaged file, a restored gate',
      NO_CURSOR,
      journal(),
      fromTheEnd(1),
    ],
    ['no file, and a journal that was purged before', NO_CURSOR, journal({ first: 31 }), fromTheEnd(31)],
    [
      'another entry stands there: a journal that was begun anew and has grown, or a backup that went on',
      kept(40),
      journal({ hashes: { told: B, alarms: B } }),
      fromTheEnd(1),
    ],
    [
      'ahead of the journal: an older copy of it, or one that was cut',
      kept(140),
      journal({ hashes: { told: undefined, alarms: undefined } }),
      fromTheEnd(1),
    ],
    [
      'ahead of a journal that was set aside',
      kept(140),
      journal({ first: 0, opened: { n: 0, hash: GENESIS }, hashes: { told: undefined, alarms: undefined } }),
      { told: { n: 0, hash: GENESIS }, alarms: { n: 0 }, gap: null },
    ],
    ['its entry cannot be read', kept(40), journal({ hashes: { told: undefined, alarms: B } }), fromTheEnd(1)],
    [
      'only the alarms are of another journal: they are told once more',
      kept(40, 60),
      journal({ hashes: { told: A, alarms: C } }),
      { told: { n: 40 }, alarms: { n: 40, hash: A }, gap: null },
    ],
    ['the alarms are behind, which no gate writes', kept(40, 20), journal(), { told: { n: 40 }, alarms: { n: 40 } }],
    ['nothing is told of the alarms', kept(40, 40, { alarms: null }), journal(), { alarms: { n: 40, hash: A } }],
  ])('%s', (_, document, found, expected) => {
    expect(cursorSchema.parse(document)).toEqual(document);
    expect(resume(document, found)).toMatchObject(expected);
  });

  test('what was lost sight of is never told as known', () => {
    expect(
      resume(kept(140, 150, { also: [145], gap: { first: 1, last: 9, hash: B, why: 'purged' } }), journal()),
    ).toEqual(fromTheEnd(1));
  });
});

test('the file has a numbered format', () => {
  expect(cursorSchema.parse(NO_CURSOR)[CURSOR_FORMAT.key as 'schema']).toBe(1);
});
