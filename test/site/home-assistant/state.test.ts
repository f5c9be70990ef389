import { describe, expect, test } from 'vitest';
import { DOOR_AT_START, type Door } from '../../../src/door/door.js';
import { monotonicMs } from '../../../src/kit/clock.js';
import { accessEvent } from '../../../src/site/home-assistant/access-event.js';
import { frameRate, stateDocument } from '../../../src/site/home-assistant/state.js';
import { facts } from './harness.js';

const alarm = (kind: 'held' | 'forced') => ({
  kind,
  times: 1,
  againMs: monotonicMs(0),
  level: 1 as const,
  escalateAtMs: null,
});
const doorOf = (changes: Partial<Door>) =>
  stateDocument({ ...facts, door: { ...DOOR_AT_START, ...changes } }, undefined);

describe('the state', () => {
  test.each<[string, Partial<Door>, object]>([
    ['locked', {}, { lock: 'LOCKED', bolt: 'OFF', contact: null, forced: 'OFF', held: 'OFF' }],
    ['closed and locked', { contact: 'closed' }, { lock: 'LOCKED', contact: 'OFF' }],
    ['released for a pulse', { grantUntilMs: monotonicMs(1) }, { lock: 'UNLOCKED', bolt: 'ON' }],
    ['open house', { mode: 'open-house' }, { lock: 'UNLOCKED', bolt: 'ON', mode: 'open-house' }],
    ['released by fire', { fire: true }, { lock: 'UNLOCKED', bolt: 'ON', fire: 'ON' }],
    ['standing open behind its bolt', { contact: 'open' }, { lock: 'OPEN', bolt: 'OFF', contact: 'ON' }],
    ['held', { contact: 'open', alarm: alarm('held') }, { lock: 'OPEN', held: 'ON', forced: 'OFF' }],
    ['forced', { contact: 'open', alarm: alarm('forced') }, { lock: 'OPEN', held: 'OFF', forced: 'ON' }],
    ['with a broken relay', { fault: 'no line' }, { lock: 'JAMMED', bolt: null }],
    ['with its housing open', { tampered: true }, { tamper: 'ON' }],
    ['stopped', { stopped: true }, { lock: 'None', available: { door: 'offline', camera: 'online' } }],
  ])('of a door that is %s', (_what, door, expected) => {
    expect(doorOf(door)).toMatchObject(expected);
  });

  test('without a camera leaves the door available', () => {
    expect(stateDocument({ ...facts, sees: false }, undefined)).toMatchObject({
      available: { door: 'online', camera: 'offline' },
    });
  });

  test('keeps the first problems, each cut short', () => {
    const problems = Array.from({ length: 12 }, (_, i) => `${i}${'x'.repeat(300)}`);
    const told = stateDocument({ ...facts, degraded: true, problems }, undefined);
    expect(told).toMatchObject({ problem: 'ON' });
    expect((told['problems'] as string[]).map((text) => text.length)).toEqual(Array.from({ length: 10 }, () => 200));
  });

  test('adds up passages, and rounds the camera’s rate', () => {
    expect(stateDocument({ ...facts, framesPerSecond: 14.96 }, undefined)).toMatchObject({
      passages: 7,
      passages_by: { granted: 4, others: 2, free: 1 },
      people: 3,
      fps: 15,
    });
  });

  test.each([
    [undefined, { frame: 1, takenMs: 1 }, undefined],
    [{ frame: 10, takenMs: 1000 }, { frame: 460, takenMs: 31_000 }, 15],
    [{ frame: 460, takenMs: 1000 }, { frame: 10, takenMs: 31_000 }, undefined],
    [{ frame: 10, takenMs: 1000 }, { frame: 10, takenMs: 1000 }, 0],
    [{ frame: 10, takenMs: 1000 }, undefined, undefined],
  ])('from %j to %j the camera gives %j frames a second', (earlier, later, rate) => {
    expect(frameRate(earlier, later)).toBe(rate);
  });
});

describe('who came', () => {
  const fields = { reason: null, person: 'p-1', name: 'Ada', text: 'Ada may enter', distance: 0.4 };

  test('is not told unless it is asked for: no id, no name, no sentence', () => {
    const told = accessEvent('granted', fields, 'now', false);
    expect(told).toEqual({ payload: { event_type: 'granted', at: 'now' }, last: undefined });
  });

  test.each([
    ['granted', 'granted', { id: 'p-1', name: 'Ada', let: 'in', at: 'now' }],
    ['refused', 'refused', { id: 'p-1', name: 'Ada', let: 'not in', at: 'now' }],
    // Who is on a picture was not there.
    ['spoof', 'picture', undefined],
  ])('is told of "%s" on request', (type, event_type, last) => {
    const told = accessEvent(type, fields, 'now', true);
    expect(told?.payload).toEqual({ event_type, at: 'now', person: 'p-1', name: 'Ada' });
    expect(told?.last).toEqual(last);
  });

  test('is nobody for a stranger; the reason is told', () => {
    const told = accessEvent('refused', { reason: 'nobody', person: null, name: null }, 'now', true);
    expect(told).toEqual({ payload: { event_type: 'refused', at: 'now', reason: 'nobody' }, last: undefined });
  });

  test.each(['door', 'enrolled', 'passed', 'toString', '__proto__'])('"%s" is no event of Home Assistant', (type) => {
    expect(accessEvent(type, fields, 'now', true)).toBeUndefined();
  });
});
