import { describe, expect, test } from 'vitest';
import { fleetLines, fleetReport } from '../../../src/site/fleet/fleet-report.js';
import type { GateFacts } from '../../../src/site/fleet/gate-facts.js';

const door = { mode: 'normal', state: 'locked' };
const people = { revision: '5', count: 3, hash: 'aaaaaaaabbbb' };
const journal = { n: 7, hash: 'cccccccc'.repeat(8) };
/** A gate that is well. */
const gate = (name: string, changes: Partial<GateFacts> = {}, info: object = {}): GateFacts => ({
  gate: name,
  state: { status: 'online', door, camera: 'live', problems: [] },
  info: { version: '1.0.0', encoder: 'e', people, journal, ...info },
  clock: { aheadMs: 40, exactMs: 20 },
  ...changes,
});
const differs = (...gates: readonly GateFacts[]) =>
  Object.fromEntries(fleetReport('home', gates).gates.map((row) => [row.gate, row.differs]));

test('gates that are well and equal are in order, by name', () => {
  const report = fleetReport('home', [gate('south'), gate('north')]);
  expect(report).toMatchObject({
    ok: true,
    gates: [
      { gate: 'north', differs: [] },
      { gate: 'south', differs: [] },
    ],
  });
  expect(fleetLines(report)).toEqual([
    'gate   status  version  door             people  digest    journal     clock',
    'north  online  1.0.0    locked (normal)  3       aaaaaaaa  7 cccccccc  +0.0 s',
    'south  online  1.0.0    locked (normal)  3       aaaaaaaa  7 cccccccc  +0.0 s',
    '2 gates are well, and know the same people',
  ]);
});

test('a site of which nothing is known is not in order', () => {
  const report = fleetReport('home', []);
  expect(report.ok).toBe(false);
  expect(fleetLines(report).join()).toMatch(/no gate of the site home/);
});

describe('not in order is', () => {
  test.each<[string, GateFacts, RegExp]>([
    ['one that is offline', gate('x', { state: { status: 'offline' } }), /offline/],
    ['one of which there is no state', { gate: 'x' }, /offline/],
    [
      'one with a problem',
      gate('x', { state: { status: 'degraded', problems: ['no camera: unplugged'] } }),
      /unplugged/,
    ],
    ['one that is degraded for no reason', gate('x', { state: { status: 'degraded' } }), /does not say why/],
    ['one without info', { gate: 'x', state: { status: 'online' } }, /info/],
    ['another version', gate('x', {}, { version: '0.9.0' }), /version 0\.9\.0, others 1\.0\.0/],
    ['another encoder', gate('x', {}, { encoder: 'f' }), /encoder f, others e/],
    ['other people', gate('x', {}, { people: { ...people, count: 2, hash: 'dddddddd' } }), /other people.*2.*dddddddd/],
    ['a clock ahead', gate('x', { clock: { aheadMs: 2_021, exactMs: 20 } }), /2\.0 s ahead/],
    ['a clock behind', gate('x', { clock: { aheadMs: -90_000, exactMs: 20 } }), /90\.0 s behind/],
  ])('%s, and only that one', (_what, other, says) => {
    const report = fleetReport('home', [gate('a'), gate('b'), other]);
    expect(report.ok).toBe(false);
    const found = differs(gate('a'), gate('b'), other);
    expect([found['a'], found['b']]).toEqual([[], []]);
    expect(found['x']?.join()).toMatch(says);
    expect(fleetLines(report).at(-1)).toBe('1 of 3 gates is not well, or not as the others');
  });
});

test('of two that differ the older one is named', () => {
  const newer = gate('a', {}, { version: '1.1.0', people: { revision: '6', count: 4, hash: 'eeee' } });
  const found = differs(newer, gate('b'));
  expect(found['a']).toEqual([]);
  expect(found['b']).toHaveLength(2);
});

test('what those say that are away is not compared', () => {
  const away = gate('x', { state: { status: 'offline' } }, { version: '0.9.0' });
  expect(differs(away, gate('y', { state: { status: 'offline' } }, { version: '0.9.0' }), gate('a'))['a']).toEqual([]);
});

test('an unknown clock, and one that is off by less than can be known, are no difference', () => {
  const { clock, ...unknown } = gate('x');
  expect(differs(gate('a'), unknown)['x']).toEqual([]);
  expect(differs(gate('a'), gate('x', { clock: { aheadMs: 4_000, exactMs: 2_000 } }))['x']).toEqual([]);
});
