import { expect, test } from 'vitest';
import { type HealthQuestion, healthFaults } from '../../src/report/health.js';
import type { RunState } from '../../src/report/run-state.js';

const WELL: RunState = {
  time: '2026-11-29T08:00:00.000Z',
  monotonicMs: 50_000,
  version: '2.0.0',
  pid: 77,
  status: 'online',
  door: { mode: 'normal', state: 'locked' },
  eye: 'up',
  camera: 'live',
  journal: 'ok',
  problems: [],
  warnings: [],
  people: 12,
  removed: 4,
};
/** A version that did not tell of removals. */
const { removed: _removed, ...OF_BEFORE } = WELL;
const judged = (now: Partial<RunState>, more: Partial<HealthQuestion> = {}) =>
  healthFaults({ now: { ...WELL, ...now }, monotonicMs: 55_000, ...more });
const door = (state: string, mode = 'normal') => ({ door: { mode, state } });

test('a gate that says now that all is well is well', () => {
  const asked = { before: WELL, version: '2.0.0', pid: 77, journalStart: '2.0.0' };
  expect(judged({}, asked)).toEqual([]);
});

test.each<[string, Partial<RunState>, Partial<HealthQuestion>, string]>([
  ['has said nothing for long', {}, { monotonicMs: 90_000 }, 'nothing for 40 s'],
  ['spoke before the machine was started', {}, { monotonicMs: 20 }, 'before this start of the machine'],
  ['is of another version', {}, { version: '2.0.1' }, 'version 2.0.0 is at work and not 2.0.1'],
  ['is another process', {}, { pid: 78 }, 'process 77 speaks and not 78'],
  ['has a relay that does not obey', door('fault'), {}, 'state fault'],
  ['has stopped', door('stopped'), { before: { ...WELL, ...door('stopped') } }, 'state stopped'],
  ['has an alarm that was not there', door('forced'), { before: WELL }, 'state forced, which it was not before'],
  [
    'has another mode',
    door('unlocked', 'open-house'),
    { before: WELL },
    'was in mode normal and is in mode open-house',
  ],
  ['has no eye', { eye: 'waiting' }, {}, 'the eye is waiting'],
  ['lost its eye', { eye: 'starting' }, { before: WELL }, 'the eye is starting'],
  ['lost its camera', { camera: 'waiting' }, { before: WELL }, 'the camera delivered before and is waiting now'],
  ['writes no journal', { journal: 'disk full' }, { before: WELL }, 'not written: disk full'],
  ['started without a word in the journal', {}, { journalStart: '1.0.0' }, 'of 1.0.0 and not of 2.0.0'],
  ['has no start in its journal', {}, { journalStart: null }, 'of nothing and not of 2.0.0'],
  ['lost people', { people: 11 }, { before: WELL }, '12 people were enrolled and 11 are now'],
  ['lost more than were removed', { people: 9, removed: 6 }, { before: WELL }, '9 are now, of whom 2 were removed'],
  ['lost people of whom a gate of before said less', { people: 11, removed: 5 }, { before: OF_BEFORE }, '11 are now'],
  ['says itself nothing of removals', { people: 11, removed: undefined }, { before: WELL }, '11 are now'],
])('a gate that %s is not well', (_what, now, more, sentence) => {
  expect(judged(now, more)).toEqual([expect.stringContaining(sentence)]);
});

test.each<[string, Partial<RunState>]>([
  ['an eye that was lost', { eye: 'waiting', camera: 'opening' }],
  ['a camera that was missing', { camera: 'waiting' }],
  ['a relay that was broken', door('fault')],
  ['an alarm that was on', door('held')],
  ['a journal that was not written', { journal: 'disk full' }],
])('%s before is not blamed', (_what, was) => {
  expect(judged(was, { before: { ...WELL, ...was } })).toEqual([]);
});

test('compared with nothing, whatever keeps it from letting people in is a fault, as it is for the doctor', () => {
  expect(judged({ camera: 'waiting', status: 'degraded', problems: ['no camera: x'] })).toEqual([
    'there is no camera: it is waiting',
  ]);
  expect(judged({ status: 'degraded', problems: ['no broker: x'] })).toEqual([
    'the gate says itself that it is degraded',
  ]);
  expect(judged({ status: 'degraded' }, { before: {} })).toEqual([]);
});

test('where nothing is known of before, an eye is asked for and a camera is not', () => {
  expect(judged({ camera: 'waiting', status: 'degraded' }, { before: {} })).toEqual([]);
  expect(judged({ eye: 'waiting', camera: 'opening' }, { before: {} })).toEqual(['the eye is waiting']);
});

test('a gate that had no camera may go without, and people who walk through are no fault', () => {
  expect(judged({ camera: 'waiting' }, { before: { ...WELL, camera: 'waiting' } })).toEqual([]);
  expect(judged(door('open'), { before: WELL })).toEqual([]);
  expect(judged(door('unlocked'), { before: WELL })).toEqual([]);
  expect(judged({ people: 13 }, { before: WELL })).toEqual([]);
});

test('whoever was removed meanwhile is not missed', () => {
  expect(judged({ people: 11, removed: 5 }, { before: WELL })).toEqual([]);
  expect(judged({ people: 0, removed: 16 }, { before: WELL })).toEqual([]);
  // Removals that were kept for long enough are forgotten.
  expect(judged({ people: 12, removed: 0 }, { before: WELL })).toEqual([]);
});
