import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type WallMs, wallMs } from '../../src/kit/clock.js';
import { compareRecords, isRemoval, outcomeOf, type SiteRecord } from '../../src/store/merge.js';
import { PeopleState } from '../../src/store/people-state.js';
import { ENCODER, person, version } from './sample.js';

// Few ids, times, counters and gates: so that equal and conflicting versions are common.
const record: fc.Arbitrary<SiteRecord> = fc
  .record({
    id: fc.constantFrom('ada', 'bob'),
    ms: fc.integer({ min: 1, max: 4 }),
    counter: fc.nat(1),
    node: fc.constantFrom('north', 'south'),
    name: fc.constantFrom('Ada', 'Bob', '愛達'),
    removed: fc.boolean(),
  })
  .map(({ id, ms, counter, node, name, removed }) =>
    removed
      ? { id, removed: true, version: version(ms, counter, node) }
      : person(id, version(ms, counter, node), { name }),
  );

/** A gate that took these records in this order. */
function gate(records: readonly SiteRecord[]): PeopleState {
  const state = new PeopleState({ encoder: ENCODER, people: new Map(), removed: new Map() });
  for (const incoming of records) if (outcomeOf(state.record(incoming.id), incoming) === 'taken') state.set(incoming);
  return state;
}

const content = (state: PeopleState) => ({
  people: [...state.people.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  removed: [...state.removed].sort(([a], [b]) => (a < b ? -1 : 1)),
});

describe('gates that exchange person records', () => {
  test('end with the same people, in whatever order and however often the records arrive', () => {
    const deliveries = fc
      .array(record, { minLength: 1, maxLength: 12 })
      .chain((sent) =>
        fc.tuple(
          fc.constant(sent),
          fc.shuffledSubarray([...sent, ...sent], { minLength: sent.length * 2, maxLength: sent.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(deliveries, ([once, twiceShuffled]) => {
        expect(content(gate(twiceShuffled))).toEqual(content(gate(once)));
      }),
      { numRuns: 1000 },
    );
  });

  test('end with the same people when they work apart and then exchange all records', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 10 }), fc.array(record, { maxLength: 10 }), (north, south) => {
        const known = (state: PeopleState) => ['ada', 'bob'].flatMap((id) => state.record(id) ?? []);
        const [a, b] = [gate(north), gate(south)];
        const afterA = gate([...known(a), ...known(b)]);
        const afterB = gate([...known(b), ...known(a)]);
        expect(content(afterA)).toEqual(content(afterB));
        // Merging the merged changes nothing: grouping does not matter.
        expect(content(gate([...known(afterA), ...known(a), ...known(b)]))).toEqual(content(afterA));
      }),
      { numRuns: 1000 },
    );
  });

  test('nobody who was removed is enrolled, whatever the versions of their records', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), (sent) => {
        const state = gate(sent);
        for (const removal of sent.filter(isRemoval)) expect(state.people.has(removal.id)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('an id is enrolled or removed, never both', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (sent) => {
        const { people, removed } = gate(sent);
        for (const id of people.keys()) expect(removed.has(id)).toBe(false);
      }),
    );
  });
});

describe('the order of two records', () => {
  test('is total: antisymmetric, transitive, and zero only for equal content', () => {
    fc.assert(
      fc.property(record, record, record, (a, b, c) => {
        expect(Math.sign(compareRecords(a, b))).toBe(-Math.sign(compareRecords(b, a)) + 0);
        if (compareRecords(a, b) <= 0 && compareRecords(b, c) <= 0) {
          expect(compareRecords(a, c)).toBeLessThanOrEqual(0);
        }
        if (compareRecords(a, b) === 0 && a.id === b.id) expect(a).toEqual(b);
      }),
      { numRuns: 1000 },
    );
  });

  test.each<[string, SiteRecord, SiteRecord | undefined, string]>([
    ['the record of an unknown person is taken', person('ada', version(1)), undefined, 'taken'],
    ['a newer version is taken', person('ada', version(2)), person('ada', version(1)), 'taken'],
    ['an older version is not taken', person('ada', version(1)), person('ada', version(2)), 'older'],
    ['the same record again changes nothing', person('ada', version(1)), person('ada', version(1)), 'same'],
    [
      'at equal versions a removal replaces a person',
      { id: 'ada', removed: true, version: version(1) },
      person('ada', version(1)),
      'taken',
    ],
    [
      'at equal versions a person does not replace a removal',
      person('ada', version(1)),
      { id: 'ada', removed: true, version: version(1) },
      'older',
    ],
    [
      'a newer person does not replace a removal: ids are never used again',
      person('ada', version(2)),
      { id: 'ada', removed: true, version: version(1) },
      'older',
    ],
  ])('%s', (_rule, incoming, known, outcome) => {
    expect(outcomeOf(known, incoming)).toBe(outcome);
  });

  const [sane, ahead] = [person('ada', version(5)), person('ada', version(1e9))];
  const removed = { id: 'ada', removed: true as const, version: version(1e9) };
  test.each<[string, SiteRecord, SiteRecord | undefined, WallMs | undefined, string]>([
    ['by a trusted clock a person from the future is set aside', ahead, undefined, wallMs(10), 'future'],
    ['and is replaced by any other record', sane, ahead, wallMs(10), 'taken'],
    ['by no clock both count by their versions', sane, ahead, undefined, 'older'],
    ['a removal from the future counts', removed, sane, wallMs(10), 'taken'],
    ['and no person comes after it', ahead, removed, wallMs(10), 'older'],
    [
      'after the end of all time nobody is taken, whatever the clock',
      person('ada', version(9_999_999_999_999)),
      sane,
      undefined,
      'future',
    ],
  ])('%s', (_rule, incoming, known, now, outcome) => {
    expect(outcomeOf(known, incoming, now)).toBe(outcome);
  });
});
