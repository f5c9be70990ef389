import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../../src/kit/clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { summaryOf } from '../../../src/site/sync/people-digest.js';
import { topicsOf } from '../../../src/site/topics.js';
import { configFor, type Gate, gateOver, mqttLink, Watcher } from '../harness.js';
import { type Mosquitto, startMosquitto } from '../mosquitto.js';
import { until } from '../until.js';
import { MemoryPeople, person } from './memory-people.js';

const YEAR = 365 * 86_400_000;
const topics = topicsOf({ site: 'home', gate: 'x' });
let mosquitto: Mosquitto;
let ends: (() => Promise<void>)[];

beforeEach(async () => {
  mosquitto = await startMosquitto();
  ends = [() => mosquitto.stop()];
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
});

interface Clocked extends Gate {
  readonly name: string;
  /** Sets the wall clock wrong by so much. */
  wrongBy(ms: number): void;
  enrol(id: string, name?: string): void;
  /** As the store does it. @returns whether somebody was removed */
  remove(id: string): boolean;
}

/** A gate over a real broker, with timers as they are and a wall clock that can be wrong. */
function clocked(name: string): Clocked {
  const people = new MemoryPeople(systemClock.wall() - 1_700_000_000_000, name);
  const began = people.clock.wall();
  const clock: Clock = {
    monotonic: () => systemClock.monotonic(),
    wall: () => people.clock.wall(),
    after: (ms, act) => systemClock.after(ms, act),
  };
  const gate = gateOver(mqttLink(configFor(mosquitto.url), name), name, {}, undefined, clock, { people });
  ends.push(gate.stop);
  return {
    ...gate,
    name,
    wrongBy: (ms) => people.clock.jumpWall(began + ms - people.clock.wall()),
    enrol: (id, called = id) => void people.change({ ...person(id, ''), name: called, by: name }),
    remove: (id) => {
      if (!people.memory.isRemovable(id)) return false;
      people.remove(id);
      return true;
    },
  };
}

const watch = async () => {
  const watcher = await new Watcher(mqttLink(configFor(mosquitto.url, { clientId: 'watcher' }), 'watcher')).watch([
    topics.people,
  ]);
  ends.push(() => watcher.link.end());
  return watcher;
};
const online = (gates: readonly Clocked[]) => until('all are online', () => gates.every(({ site }) => site.connected));
const knows = (gate: Clocked, id: string) => gate.people.get(id) !== undefined;

test('somebody whose record is from the future is removed for good, and a change made by the wrong clock arrives once it is right', async () => {
  const [north, south, poisoned] = [clocked('north'), clocked('south'), clocked('poisoned')];
  const gates = [north, south, poisoned];
  const watcher = await watch();
  await online(gates);
  north.enrol('ada', 'Ada');
  await until('all know Ada', () => gates.every((gate) => knows(gate, 'ada')));

  poisoned.wrongBy(3 * YEAR);
  poisoned.enrol('ada', 'Ada of the future');
  poisoned.enrol('bob');
  poisoned.enrol('carl');
  await until('the others have heard of Bob and Carl', () =>
    [north, south].every(({ people }) => ['bob', 'carl'].every((id) => people.memory.isRemovable(id))),
  );
  expect([north, south].map(({ people }) => [people.get('ada')?.name, people.size])).toEqual([
    ['Ada', 1],
    ['Ada', 1],
  ]);

  expect(north.remove('bob')).toBe(true);
  await until('Bob is removed at the gate that enrolled him, too', () => !knows(poisoned, 'bob'));
  const late = clocked('late');
  await until('a new gate knows of the removal', () => late.people.tombstones().has('bob'));

  // The clock is right again; PeopleCare does the rest after three minutes.
  poisoned.wrongBy(0);
  await poisoned.people.redate('own');
  await until('all know Carl, and Ada as she was changed', () =>
    [...gates, late].every((gate) => knows(gate, 'carl') && gate.people.get('ada')?.name === 'Ada of the future'),
  );
  // The date that the wrong clock gave comes, and somebody sends what was captured.
  for (const gate of [...gates, late]) gate.wrongBy(4 * YEAR);
  const captured = watcher.received.find(
    ({ topic, payload }) => topic.endsWith('/bob') && !payload.toString().includes('removed'),
  );
  await watcher.link.publish(topics.person('bob'), captured?.payload ?? '', { retain: true, qos: 1 });
  await until(
    'the removal is back at the broker',
    () =>
      watcher.on(topics.person('bob')).at(-1) !== undefined &&
      JSON.stringify(watcher.on(topics.person('bob')).at(-1)).includes('removed'),
  );
  expect([...gates, late].filter((gate) => knows(gate, 'bob'))).toEqual([]);
});

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test.each([1, 2, 3])(
  'gates with wrong clocks over a broker that loses its store know the same people in the end (seed %i)',
  async (seed) => {
    const random = seeded(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const gates = ['north', 'south', 'east', 'west'].map(clocked);
    await online(gates);
    const removed = new Set<string>();
    for (let step = 0; step < 120; step++) {
      const [gate, id, what] = [pick(gates), `p${Math.floor(random() * 25)}`, random()];
      if (what < 0.5) {
        if (!gate.people.tombstones().has(id)) gate.enrol(id, `Person ${step}`);
      } else if (what < 0.6) {
        if (gate.remove(id)) removed.add(id);
      } else if (what < 0.75) {
        gate.wrongBy(pick([0, 0, YEAR, 10 * YEAR, -YEAR, 60_000]));
        gate.people.trusted = random() < 0.6;
      } else if (what < 0.78) {
        await mosquitto.kill();
        if (random() < 0.7) gate.enrol(`p${step}`);
        await mosquitto.restart();
      } else await new Promise((resolve) => setImmediate(resolve));
    }
    for (const gate of gates) {
      gate.wrongBy(0);
      gate.people.trusted = true;
    }
    await online(gates);
    // A broker that comes back makes every gate compare.
    await mosquitto.kill();
    await mosquitto.restart();
    await until('all have compared', () => gates.every(({ site }) => site.connected));
    const hashes = async () =>
      new Set(await Promise.all(gates.map(async ({ people }) => (await summaryOf(people)).hash)));
    // As PeopleCare does each minute.
    const agreed = async () => {
      for (const { people } of gates) {
        await people.redate('all');
        await people.renewRemovals([]);
      }
      return (await hashes()).size === 1;
    };
    let same = false;
    await until('all know the same people', () => {
      void agreed().then((now) => {
        same = now;
      });
      return same;
    });
    for (const { people } of gates) for (const id of removed) expect(people.get(id)).toBeUndefined();
    expect(gates[0]?.people.size).toBeGreaterThan(0);
  },
  60_000,
);
