import { expect, test } from 'vitest';
import { neighboursOf } from '../../../../src/site/sync/neighbours/ring.js';

const site = (count: number, isThere = (_i: number) => true) =>
  new Map(Array.from({ length: count }, (_, i) => [`gate-${i}`, isThere(i)]));

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
