import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { PeopleMemory } from '../../src/store/memory/people-memory.js';
import { type SiteRecord, stampOf } from '../../src/store/merge.js';
import { emptyDocument } from '../../src/store/people-document.js';
import { ENCODER, newcomer } from './sample.js';

const NOW = Date.UTC(2026, 10, 24, 8);
const YEAR = 365 * 86_400_000;
const GATES = ['north', 'south', 'east', 'west'] as const;
const IDS = ['ada', 'bob', 'carl'] as const;

/** A gate without disk and network: what it makes it also gives away, to whoever takes it, in whatever order. */
class Replica {
  readonly clock = new ManualClock(NOW);
  readonly memory: PeopleMemory;
  trusted = true;

  constructor(gate: string) {
    this.memory = new PeopleMemory({ clock: this.clock, log: silentLog, gate }, emptyDocument(ENCODER));
    const trust = () => this.trusted;
    this.memory.versions.judgeBy({
      get trusted() {
        return trust();
      },
    });
  }

  setClock(ms: number): void {
    this.clock.jumpWall(ms - this.clock.wall());
  }

  /** @returns whether something changed */
  take(record: SiteRecord): boolean {
    if (this.memory.outcome(record) !== 'taken') return false;
    this.memory.set(this.memory.noted(record), 'site');
    return true;
  }

  records(): readonly SiteRecord[] {
    return [...this.memory.state.records()];
  }

  content(): readonly string[] {
    return this.records()
      .map((record) => `${record.id} ${stampOf(record)}`)
      .sort();
  }
}

/** Everybody hears of everything until nobody learns anything. */
function exchange(replicas: readonly Replica[], also: readonly SiteRecord[] = []): void {
  for (let round = 0; round < 20; round++) {
    let changed = false;
    const all = [...also, ...replicas.flatMap((one) => one.records())];
    for (const replica of replicas) for (const record of all) if (replica.take(record)) changed = true;
    if (!changed) return;
  }
  throw new Error('the gates do not come to an end');
}

const clock = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -60_000, max: 60_000 }),
  fc.constantFrom(-50 * YEAR, -YEAR, YEAR, 10 * YEAR, 200 * YEAR),
);
const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('put' as const),
      gate: fc.constantFrom(...GATES),
      id: fc.constantFrom(...IDS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('remove' as const),
      gate: fc.constantFrom(...GATES),
      id: fc.constantFrom(...IDS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('clock' as const),
      gate: fc.constantFrom(...GATES),
      ms: clock,
      trusted: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('hear' as const), gate: fc.constantFrom(...GATES), which: fc.nat(1_000) }),
  },
);

test('gates with any clocks, that hear of each other in any order, again and again or not at all, end with the same people, and nobody removed comes back', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), fc.integer({ min: 0, max: 40 }), (acts, laterYears) => {
      const replicas = new Map(GATES.map((gate) => [gate, new Replica(gate)]));
      const at = (gate: (typeof GATES)[number]): Replica => replicas.get(gate) ?? new Replica(gate);
      const all = [...replicas.values()];
      const made: SiteRecord[] = [];
      const removed = new Set<string>();
      let n = 0;
      for (const one of acts) {
        const replica = at(one.gate);
        const { memory } = replica;
        if (one.what === 'clock') {
          replica.setClock(NOW + n * 1000 + one.ms);
          replica.trusted = one.trusted;
        } else if (one.what === 'hear') {
          const record = made[made.length - 1 - (one.which % Math.max(1, made.length))];
          if (record) replica.take(record);
        } else if (one.what === 'put') {
          if (memory.state.removed.has(one.id)) continue;
          const record = {
            ...newcomer(one.id, { name: `Person ${++n}`, by: one.gate }),
            version: memory.nextVersion(one.id),
          };
          memory.set(record, 'local');
          made.push(record);
        } else if (memory.isRemovable(one.id)) {
          const record = memory.removal(one.id, one.gate);
          memory.set(record, 'local');
          made.push(record);
          removed.add(one.id);
        }
      }
      // All clocks are right again, and the gates hear of each other.
      for (const replica of all) {
        replica.setClock(NOW + 3_600_000);
        replica.trusted = true;
      }
      exchange(all);
      for (const replica of all) replica.memory.redate('all');
      for (const replica of all) replica.memory.renew([]);
      exchange(all);
      const healed = at('north').content();
      for (const replica of all) expect(replica.content()).toEqual(healed);
      for (const replica of all)
        for (const { version } of replica.memory.state.people.values())
          expect(Number.parseInt(version, 10)).toBeLessThanOrEqual(NOW + 3_600_000 + 5 * 60_000);
      // The dates that wrong clocks gave come, and somebody sends all there ever was once more.
      for (const replica of all) replica.setClock(NOW + laterYears * YEAR + 7_200_000);
      exchange(all, made);
      const later = at('north').content();
      for (const replica of all) {
        expect(replica.content()).toEqual(later);
        for (const id of removed) expect(replica.memory.state.people.has(id)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});

test('a gate whose clock is not trusted makes no version ahead of what it knows', () => {
  const replica = new Replica('north');
  replica.take({ ...newcomer('ada'), version: `${NOW}-0003-south` });
  replica.trusted = false;
  replica.setClock(NOW + 70 * YEAR);
  expect(replica.memory.nextVersion('ada')).toBe(`${NOW}-0004-north`);
  expect(replica.memory.nextVersion('bob').startsWith(`${NOW}-`)).toBe(true);
  expect(replica.memory.removal('ada', 'office')).toMatchObject({ undated: true });
  replica.setClock(0);
  expect(replica.memory.nextVersion('ada') > `${NOW}-0003-south`).toBe(true);
  expect(new Replica('west').memory.nextVersion('ada').startsWith(String(NOW))).toBe(true);
  const nothing = new Replica('east');
  nothing.trusted = false;
  expect(nothing.memory.nextVersion('ada')).toBe('0000000000000-0000-east');
});

test('a record from the future does not carry the versions of others with it', () => {
  const replica = new Replica('north');
  replica.memory.set({ ...newcomer('ada'), version: `${NOW + 70 * YEAR}-0000-north` }, 'file');
  expect(replica.memory.nextVersion('bob')).toBe(`${NOW}-0000-north`);
  // This gate's own change replaces it, and does not follow it.
  expect(replica.memory.nextVersion('ada')).toBe(`${NOW}-0001-north`);
});
