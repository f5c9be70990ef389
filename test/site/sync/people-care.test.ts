import { describe, expect, test } from 'vitest';
import { type WallMs, wallMs } from '../../../src/kit/clock.js';
import { silentLog } from '../../../src/kit/log.js';
import { dueAbsence, isAbsent, type Presence } from '../../../src/site/sync/absence.js';
import { PeopleCare } from '../../../src/site/sync/people-care.js';
import { MemoryPeople, person, version } from './memory-people.js';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000 + 1e9;

interface Given {
  /** When the gate was last in sync, in days from now. */
  readonly inSyncDays?: number | null;
  readonly trusted?: boolean;
  readonly settled?: boolean;
}

function caring({ inSyncDays = -1, trusted = true, settled = true }: Given = {}) {
  const people = new MemoryPeople();
  people.trusted = trusted;
  const is = { settled, connected: true };
  const inSync = {
    at: inSyncDays === null ? null : wallMs(NOW + inSyncDays * DAY),
    note: (at: WallMs) => {
      inSync.at = at;
    },
  };
  const said: string[] = [];
  const aside: [count: number, since: string | null][] = [];
  let [released, anew] = [0, 0];
  const care = new PeopleCare({
    people,
    inSync,
    tombstoneDays: 400,
    clock: people.clock,
    trustedClock: {
      get trusted() {
        return people.trusted;
      },
      confirmedMs: null,
    },
    log: silentLog,
    connected: () => is.connected,
    settled: () => is.settled,
    onReleased: () => released++,
    onSetAside: (count, since) => aside.push([count, since]),
    onAnew: () => anew++,
    onProblem: (text) => said.push(text?.split(':')[0] ?? ''),
  });
  const minutes = async (count: number) => {
    for (let i = 0; i < count; i++) {
      people.clock.advance(60_000);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  };
  return { people, care, is, inSync, said, aside, minutes, counts: () => ({ released, anew }) };
}

describe('a gate that was away', () => {
  const presence = (changes: Partial<Presence>): Presence => ({
    inSyncMs: wallMs(NOW - 401 * DAY),
    tombstoneDays: 400,
    nowMs: wallMs(NOW),
    confirmedMs: null,
    connected: true,
    ...changes,
  });

  test.each<[string, Partial<Presence>, boolean]>([
    ['for longer than removals are remembered', {}, true],
    ['for less long', { inSyncMs: wallMs(NOW - 399 * DAY) }, false],
    ['for a time that nobody knows', { inSyncMs: null }, false],
    ['by a clock that is not trusted', { nowMs: undefined }, false],
    ['without a broker, by a battery clock alone', { connected: false }, false],
    ['without a broker, by the time of the network', { connected: false, confirmedMs: wallMs(NOW) }, true],
    ['by the time of the network before the restart', { nowMs: undefined, confirmedMs: wallMs(NOW) }, true],
  ])('%s', (_what, changes, absent) => {
    expect(isAbsent(presence(changes))).toBe(absent);
  });

  test('is told half of the time before', () => {
    expect(dueAbsence(presence({ inSyncMs: wallMs(NOW - 199 * DAY) }))).toBeUndefined();
    expect(dueAbsence(presence({ inSyncMs: wallMs(NOW - 201 * DAY) }))).toBe(NOW + 199 * DAY);
  });

  test('too long knows nobody, reads the people from the broker, and is in sync once that is done', async () => {
    const { people, care, is, inSync, said, minutes, counts, aside } = caring({ inSyncDays: -500, settled: false });
    people.put(person('ada', version(1)));
    people.remove('eve', version(2));
    care.check();
    expect([people.size, people.tombstones().size, counts().anew, said.at(-1)]).toEqual([0, 1, 1, 'people-set-aside']);
    expect(aside).toEqual([[expect.any(Number), expect.stringMatching(/^20\d\d-.*Z$/)]]);
    expect(aside[0]?.[0]).toBeGreaterThan(0);
    care.start();
    await minutes(1);
    expect([counts().anew, inSync.at]).toEqual([1, NOW - 500 * DAY]);
    is.settled = true;
    await minutes(1);
    expect([Number(inSync.at) > NOW, said.at(-1)]).toEqual([true, '']);
    expect(care.rules.holdsBack()).toBe(false);
  });

  test('for a time that is not known yet holds people back until it is', async () => {
    const { people, care, said, minutes, counts, inSync } = caring({ trusted: false });
    care.start();
    await minutes(2);
    expect([care.rules.holdsBack(), said.at(-1), inSync.at]).toEqual([true, 'people-held-back', NOW - DAY]);
    people.trusted = true;
    await minutes(1);
    expect([care.rules.holdsBack(), counts().released, said.at(-1)]).toEqual([false, 1, '']);
    await minutes(1);
    expect(Number(inSync.at)).toBeGreaterThan(NOW);
  });

  test('and one that was never in sync, or whose clock is not trusted later on, holds nobody back', async () => {
    const first = caring({ inSyncDays: null, trusted: false });
    expect(first.care.rules.holdsBack()).toBe(false);
    const { people, care, minutes } = caring();
    care.start();
    people.trusted = false;
    await minutes(600);
    expect(care.rules.holdsBack()).toBe(false);
  });
});

describe('versions', () => {
  test('from the future are made right once the clock has been right for some minutes, those of others later', async () => {
    const { people, care, minutes } = caring();
    const year = 365 * DAY;
    people.put(person('ada', version(1e9 + year, 'north'), { name: 'Ada' }));
    people.put(person('bob', version(1e9 + year, 'south')));
    care.start();
    await minutes(2);
    expect(people.get('ada')?.version).toBe(version(1e9 + year, 'north'));
    await minutes(2);
    expect(people.get('ada')).toMatchObject({ name: 'Ada', by: 'test' });
    expect(String(people.get('ada')?.version) < version(1e9 + DAY)).toBe(true);
    expect(people.get('bob')?.version).toBe(version(1e9 + year, 'south'));
    await minutes(60);
    expect(String(people.get('bob')?.version) < version(1e9 + DAY)).toBe(true);
  });

  test('of removals made without a clock are made right with it, and so are those that come too late', async () => {
    const { people, care, minutes } = caring({ trusted: false });
    people.put(person('ada', version(-500 * DAY)));
    people.remove('ada');
    expect(people.tombstones().get('ada')).toMatchObject({ undated: true });
    expect(String(people.tombstones().get('ada')?.version) < version(-499 * DAY)).toBe(true);
    care.start();
    people.trusted = true;
    people.put(person('bob', version(1)));
    await people.merge({ id: 'bob', removed: true, version: version(-500 * DAY) });
    await people.merge({ id: 'eve', removed: true, version: version(-500 * DAY) });
    await minutes(1);
    const { ada, bob, eve } = Object.fromEntries(people.tombstones());
    for (const renewed of [ada, bob]) expect(String(renewed?.version) > version(1e9)).toBe(true);
    expect(ada?.undated).toBeUndefined();
    // Of somebody who was never known here: it has lived its time.
    expect(eve).toBeUndefined();
  });

  test.each([
    ['enrolled lately', -1],
    ['enrolled long ago', -500],
  ])(
    'of somebody %s who was removed by a clock that was years behind and believed are made right with it',
    async (_who, days) => {
      const { people, care, minutes } = caring();
      people.put(person('ada', version(1e9 + days * DAY, 'south')));
      people.put(person('bob', version(1e9 - DAY, 'south')));
      people.clock.jumpWall(-3 * 365 * DAY);
      care.start();
      people.remove('ada');
      expect(String(people.tombstones().get('ada')?.version) > version(1e9 + days * DAY)).toBe(true);
      await minutes(61);
      expect(people.tombstones().get('ada')).toMatchObject({ undated: true });
      people.clock.jumpWall(3 * 365 * DAY);
      await minutes(61);
      expect(String(people.tombstones().get('ada')?.version) > version(1e9)).toBe(true);
      expect(people.tombstones().get('ada')?.undated).toBeUndefined();
      expect(people.get('ada')).toBeUndefined();
    },
  );

  test('a removal that others know with a later date does not get an earlier one', async () => {
    const { people, care, minutes } = caring({ trusted: false });
    people.put(person('ada', version(1e9 + 90 * DAY, 'south')));
    people.remove('ada');
    const made = people.tombstones().get('ada')?.version;
    expect(String(made) > version(1e9 + 90 * DAY)).toBe(true);
    care.start();
    people.trusted = true;
    await minutes(1);
    expect(people.tombstones().get('ada')).toMatchObject({ version: made });
    // Whose clock was wrong shows once that time has come.
    expect(people.tombstones().get('ada')).toMatchObject({ undated: true });
  });

  test('of removals expire a week after sync.tombstoneDays', async () => {
    const { people, care, minutes } = caring();
    people.remove('old', version(1e9 - 408 * DAY));
    people.remove('young', version(1e9 - 406 * DAY));
    const forgotten: string[] = [];
    people.onChange(({ id, origin }) => origin === 'forgotten' && forgotten.push(id));
    care.start();
    await minutes(1);
    expect([[...people.tombstones().keys()], forgotten]).toEqual([['young'], ['old']]);
    people.trusted = false;
    people.clock.advance(3 * DAY);
    await minutes(70);
    expect(people.tombstones().size).toBe(1);
  });
});
