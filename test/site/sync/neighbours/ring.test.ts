import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { mendedBy, type Sides, sidesOf } from '../../../../src/site/sync/neighbours/ring.js';

const site = (count: number, isThere = (_i: number) => true) =>
  new Map(Array.from({ length: count }, (_, i) => [`gate-${i}`, isThere(i)]));
const neighboursOf = (gate: string, gates: ReadonlyMap<string, boolean>) => [...new Set(sidesOf(gate, gates).flat())];

test('each of 300 gates looks at four on each side, who look at it, and all hang together', () => {
  const gates = site(300);
  const looksAt = new Map([...gates.keys()].map((gate) => [gate, neighboursOf(gate, gates)]));
  for (const [gate, others] of looksAt) {
    expect(others).toHaveLength(8);
    for (const other of others) expect(looksAt.get(other)).toContain(gate);
  }
  const reached = new Set(['gate-0']);
  for (const gate of reached) for (const other of looksAt.get(gate) ?? []) reached.add(other);
  expect(reached.size).toBe(300);
});

test('those that are away are passed over, and heard when they come back; not all of them where many are away', () => {
  const gates = site(100, (i) => i % 4 > 0);
  const others = neighboursOf('gate-0', gates);
  expect(others.filter((other) => gates.get(other))).toHaveLength(8);
  expect(others.length).toBeGreaterThan(8);
  expect(
    neighboursOf(
      'gate-0',
      site(100, () => false),
    ),
  ).toHaveLength(16);
});

test('of a few gates each is named once', () => {
  expect(neighboursOf('gate-0', site(1))).toEqual([]);
  expect([...neighboursOf('gate-0', site(4))].sort()).toEqual(['gate-1', 'gate-2', 'gate-3']);
});

/** Gates on a ring, and who of them mends what. */
class Ring {
  readonly there: readonly string[];
  readonly #sides: ReadonlyMap<string, Sides>;
  readonly #gates: ReadonlyMap<string, boolean>;

  constructor(gates: ReadonlyMap<string, boolean>) {
    this.#gates = gates;
    this.there = [...gates].flatMap(([gate, isThere]) => (isThere ? [gate] : []));
    this.#sides = new Map(this.there.map((gate) => [gate, sidesOf(gate, gates)]));
  }

  heardBy(gate: string): readonly string[] {
    return [...new Set(this.#sides.get(gate)?.flat())].filter((other) => this.#gates.get(other));
  }

  /** Of which gates this one mends the difference. @param knows gates of one number know the same people */
  mendedBy(gate: string, knows: (gate: string) => number): readonly string[] {
    const isLike = (other: string) => knows(other) === knows(gate);
    const heard = this.heardBy(gate);
    return mendedBy(
      gate,
      this.#sides.get(gate),
      heard.filter((other) => !isLike(other)),
      heard.filter(isLike),
    );
  }
}

test.each([18, 19, 20, 25, 40, 100, 300, 1_000])(
  'of %i gates whichever has missed something is served, by two, and acts itself for what the others lack',
  (count) => {
    const ring = new Ring(site(count));
    const wrong = ring.there.filter((victim) => {
      const knows = (gate: string) => (gate === victim ? 1 : 0);
      const acting = ring.heardBy(victim).filter((gate) => ring.mendedBy(gate, knows).includes(victim));
      return acting.length !== 2 || ring.mendedBy(victim, knows).length === 0;
    });
    expect(wrong).toEqual([]);
  },
  // A thousand rings of a thousand gates: some seconds, and many on a busy machine.
  180_000,
);

test.each([1, 2, 3])(
  'where many are away or have missed something, each is served for each group that hears it (%i)',
  (seed) => {
    const hash = (gate: string, what: string) =>
      createHash('sha256').update(`${seed} ${what} ${gate}`).digest().readUInt8(0);
    const names = [...site(200).keys()];
    const ring = new Ring(new Map(names.map((gate) => [gate, hash(gate, 'there') > 80])));
    const knows = (gate: string) => hash(gate, 'knows') % 3;
    const served = new Set(
      ring.there.flatMap((gate) => ring.mendedBy(gate, knows).map((other) => `${knows(gate)} for ${other}`)),
    );
    const unserved = ring.there.flatMap((gate) =>
      ring
        .heardBy(gate)
        .filter((other) => knows(other) !== knows(gate))
        .map((other) => `${knows(gate)} for ${other}`)
        .filter((one) => !served.has(one)),
    );
    expect(served.size).toBeGreaterThan(0);
    expect(unserved).toEqual([]);
  },
);

test('where all hear all, the first of those that agree acts for all of them', () => {
  expect(mendedBy('b', undefined, ['a', 'z'], ['c'])).toEqual(['a', 'z']);
  expect(mendedBy('b', undefined, ['z'], ['a', 'c'])).toEqual([]);
});
