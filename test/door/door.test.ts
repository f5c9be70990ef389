import { describe, expect, test } from 'vitest';
import { type Door, type DoorEffect, type DoorEvent, step } from '../../src/door/door.js';
import { monotonicMs } from '../../src/kit/clock.js';

const RULE = { pulseMs: 3000 };
const locked: Door = { state: 'locked' };
const unlocked = (untilMs: number): Door => ({ state: 'unlocked', untilMs: monotonicMs(untilMs) });
const fault: Door = { state: 'fault', why: 'cable' };
const open = (atMs: number): DoorEvent => ({ kind: 'open', atMs: monotonicMs(atMs) });
const timer = (atMs: number): DoorEvent => ({ kind: 'timer', atMs: monotonicMs(atMs) });
const broken: DoorEvent = { kind: 'io-error', why: 'wire' };
const stop: DoorEvent = { kind: 'stop' };
const arm = (afterMs: number): DoorEffect => ({ kind: 'arm', afterMs });
const draw: DoorEffect = { kind: 'drive', released: true };
const throwBolt: DoorEffect = { kind: 'drive', released: false };

describe('the door', () => {
  test.each<[string, Door, DoorEvent, Door, readonly DoorEffect[]]>([
    [
      'opening arms the end of the pulse first, then draws the bolt',
      locked,
      open(100),
      unlocked(3100),
      [arm(3000), draw],
    ],
    ['opening again lengthens the pulse', unlocked(3100), open(2000), unlocked(5000), [arm(3000), draw]],
    ['a door out of order does not open', fault, open(100), fault, []],
    ['a timer at a locked door does nothing', locked, timer(100), locked, []],
    ['a timer before its time is armed for the rest', unlocked(3100), timer(3000), unlocked(3100), [arm(100)]],
    ['at the end of the pulse the bolt is thrown', unlocked(3100), timer(3100), locked, [throwBolt]],
    ['later too', unlocked(3100), timer(9999), locked, [throwBolt]],
    ['a timer at a door out of order does nothing', fault, timer(9999), fault, []],
    [
      'a broken relay at a locked door: out of order, the bolt is thrown',
      locked,
      broken,
      { state: 'fault', why: 'wire' },
      [throwBolt],
    ],
    [
      'a broken relay while the bolt is drawn: the same',
      unlocked(3100),
      broken,
      { state: 'fault', why: 'wire' },
      [throwBolt],
    ],
    ['a relay that breaks again stays out of order', fault, broken, { state: 'fault', why: 'wire' }, [throwBolt]],
    ['stopping a locked door throws the bolt', locked, stop, locked, [throwBolt]],
    ['stopping within a pulse throws the bolt', unlocked(3100), stop, locked, [throwBolt]],
    ['stopping a door out of order throws the bolt', fault, stop, locked, [throwBolt]],
  ])('%s', (_rule, before, event, door, effects) => {
    expect(step(before, event, RULE)).toEqual({ door, effects });
  });
});
