import { expect, onTestFinished, test } from 'vitest';
import { recordText } from '../../../src/keys/signed-text.js';
import { newSigningKey } from '../../../src/keys/signing-key.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import type { Passage } from '../../../src/passback/passback.js';
import { isFuture } from '../../../src/person/version.js';
import { RecordSync } from '../../../src/site/sync/record-sync.js';
import type { SharedRecords } from '../../../src/site/sync/shared-records.js';
import { siteRecords } from '../../../src/site/sync/site-records.js';
import { topicsOf } from '../../../src/site/topics.js';
import { keyringOf, listOf, siteKeysOf, trusted } from '../../keys/sample.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { MemoryPeople, person } from './memory-people.js';

const MINUTE_MS = 60_000;
const keys = { north: newSigningKey().key, south: newSigningKey().key };
const names = { site: 'home', gate: 'north' };
const topics = topicsOf(names);
const list = (serial: number, revoked: string | null) =>
  listOf([trusted('north', keys.north, ['gate']), trusted('south', keys.south, ['gate'], { revoked })], { serial });

/** The gate north, which hears what the test gives it, with a clock that stands still. */
function north(kind: 'people' | 'passages') {
  const clock = new ManualClock();
  const people = new MemoryPeople(clock.wall() - 1_700_000_000_000);
  const passed = new Map<string, Passage>();
  const keyring = keyringOf(() => clock.wall());
  const records = siteRecords({
    names,
    topics,
    people,
    rules: people.rules,
    clock,
    passages: {
      ids: () => passed.keys(),
      passage: (id) => passed.get(id),
      isGone: () => false,
      merge: (id, passage) => {
        if (isFuture(passage.version, clock.wall())) return 'future';
        passed.set(id, passage);
        return 'taken';
      },
      onLocal: () => () => undefined,
    },
    keys: { ...siteKeysOf(list(1, null), keys.north), keyring },
  });
  const link = new MemoryBroker(clock).link();
  const syncOf = <R extends { readonly version: string }>(shared: SharedRecords<R>) =>
    new RecordSync({
      link,
      records: shared,
      marker: topics.sync,
      clock,
      log: silentLog,
      onRejected: () => undefined,
      onProblem: () => undefined,
    });
  const { people: ofPeople, passages: ofPassages } = records;
  const sync = kind === 'people' || ofPassages === undefined ? syncOf(ofPeople) : syncOf(ofPassages);
  onTestFinished(() => sync.stop());
  const turns = async () => {
    for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
  };
  return {
    sync,
    keyring,
    turns,
    at: (minutes: number) => new Date(clock.wall() + minutes * MINUTE_MS).toISOString(),
    /** As signed by south, with a version so far ahead. */
    give(id: string, minutes: number) {
      const ms = clock.wall() + minutes * MINUTE_MS;
      const version = `${ms}-0000-south`;
      const record =
        kind === 'people'
          ? person(id, version, { by: 'south' })
          : { inside: true, since: new Date(ms).toISOString(), version };
      const unsigned = { ...record, key: keys.south.id };
      const signature = keys.south.sign(recordText('home', kind, id, unsigned));
      sync.receive(id, Buffer.from(JSON.stringify({ ...unsigned, signature })));
    },
    async pass(minutes: number) {
      for (let minute = 0; minute < minutes; minute++) {
        people.clock.advance(MINUTE_MS);
        clock.advance(MINUTE_MS);
        await turns();
      }
    },
    knows: (id: string) => (kind === 'people' ? people.get(id) !== undefined : passed.has(id)),
  };
}

test.each(['people', 'passages'] as const)(
  'of %s one from the future counts once its time has come, unless its key was revoked meanwhile: by a list, or since a date has come',
  async (kind) => {
    const revokedAt = {
      never: () => null,
      'by a list': (gate: ReturnType<typeof north>) => gate.at(0),
      'by a date': (gate: ReturnType<typeof north>) => gate.at(3),
    };
    const known: Record<string, boolean> = {};
    for (const [how, at] of Object.entries(revokedAt)) {
      const gate = north(kind);
      gate.keyring.take(list(1, how === 'by a date' ? at(gate) : null));
      gate.give('eve', 10);
      await gate.turns();
      expect(gate.knows('eve')).toBe(false);
      if (how === 'by a list') gate.keyring.take(list(2, at(gate)));
      await gate.pass(12);
      known[how] = gate.knows('eve');
    }
    expect(known).toEqual({ never: true, 'by a list': false, 'by a date': false });
  },
);

test('what waits to be merged when a list comes is dropped: many records, of which the last ones take their turn later', async () => {
  const gate = north('people');
  gate.keyring.take(list(1, null));
  for (let i = 0; i < 500; i++) gate.give(`p${i}`, 0);
  gate.keyring.take(list(2, gate.at(0)));
  gate.sync.trustAnew();
  await gate.turns();
  expect(gate.knows('p499')).toBe(false);
});
