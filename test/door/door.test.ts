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
const wire: Door = { state: 'fault', why: 'wire' };
const stopped: Door = { state: 'stopped' };
/** Tell the relay to let go, and again half a second later. */
const letGo = [arm(500), throwBolt];

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
    ['a relay that did not obey is told again at every timer, for ever', fault, timer(9999), fault, letGo],
    ['a relay that breaks at a locked door is told to let go', locked, broken, wire, letGo],
    ['a relay that breaks while the bolt is drawn too', unlocked(3100), broken, wire, letGo],
    ['a relay that breaks again stays out of order', fault, broken, wire, letGo],
    ['stopping a locked door throws the bolt', locked, stop, stopped, [throwBolt]],
    ['stopping within a pulse throws the bolt', unlocked(3100), stop, stopped, [throwBolt]],
    ['stopping a door out of order throws the bolt', fault, stop, stopped, [throwBolt]],
    ['stopping twice does no harm', stopped, stop, stopped, [throwBolt]],
    ['a stopped door does not open', stopped, open(100), stopped, []],
    ['a timer at a stopped door does nothing', stopped, timer(9999), stopped, []],
    ['a relay that breaks while stopping arms nothing more', stopped, broken, stopped, []],
  ])('%s', (_rule, before, event, door, effects) => {
    expect(step(before, event, RULE)).toEqual({ door, effects });
  });
});
