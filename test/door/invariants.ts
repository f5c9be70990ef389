import { DOOR_AT_START, DOOR_TIMERS, type Door, type DoorEvent, isReleased, stateOf } from '../../src/door/door.js';
import { deadline } from '../../src/door/door-effects.js';
import { step } from '../../src/door/door-step.js';
import {
  at,
  doorCloses,
  doorOpens,
  fire,
  fireOff,
  grant,
  type Happening,
  broken as ioError,
  lock,
  mode,
  open,
  RULE,
  rex,
  stop,
  tamper,
  wake,
} from './given.js';

/** What may happen, often things more often. */
export const HAPPENINGS: readonly Happening[] = [
  ...[grant, grant, grant, open, lock, mode('normal'), mode('normal'), mode('locked'), mode('open-house'), rex, rex],
  ...[doorOpens, doorOpens, doorCloses, doorCloses, tamper, { kind: 'tamper', active: false } as const, fire, fireOff],
  ...[wake('pulse'), wake('warning'), wake('held'), wake('alarm'), wake('escalation'), wake('retry'), ioError, stop],
];

/** A door, its relay and its timers as a shell would keep them, and when somebody last had a right to a pulse. */
interface World {
  readonly door: Door;
  readonly nowMs: number;
  readonly drawn: boolean;
  readonly timers: Map<string, number>;
  readonly pulseMs: number;
}
const start = (): World => ({
  door: DOOR_AT_START,
  nowMs: 0,
  drawn: false,
  timers: new Map(),
  pulseMs: Number.NEGATIVE_INFINITY,
});

/** One event `afterMs` later; timers on the way ring as they should. @returns the broken rule, or the world after it */
export function next(world: World, afterMs: number, happening: Happening): World | string {
  let now = world;
  const end = world.nowMs + afterMs;
  // A sequence waits 25 s at most, and the quickest timer rings every half second.
  for (let rings = 0; ; rings++) {
    if (rings > 1000) return `timers ring without end: ${JSON.stringify(now.door)}`;
    let ring: [string, number] | undefined;
    for (const timer of now.timers) if (timer[1] <= end && (!ring || timer[1] < ring[1])) ring = timer;
    if (!ring) break;
    const rung = happen(now, ring[1], { kind: 'timer', timer: ring[0] as 'pulse' });
    if (typeof rung === 'string') return rung;
    now = rung;
  }
  return happen(now, end, happening);
}

function happen(world: World, nowMs: number, happening: Happening): World | string {
  const event: DoorEvent = at(nowMs, happening);
  const before = world.door;
  const { door, effects } = step(before, event, RULE);
  // The world before is not looked at again.
  const { timers } = world;
  if (event.kind === 'timer') timers.delete(event.timer);
  let { drawn } = world;
  for (const effect of effects) {
    if (effect.kind === 'arm') timers.set(effect.timer, nowMs + effect.afterMs);
    else if (effect.kind === 'cancel') timers.delete(effect.timer);
    else if (effect.kind === 'drive') {
      drawn = effect.released;
      const ends = timers.has('pulse') || door.fire || (door.mode === 'open-house' && door.fault === null);
      if (drawn && !ends) return 'the bolt is drawn before its end is armed';
    }
  }
  const asked = (event.kind === 'grant' || event.kind === 'open') && before.mode !== 'locked' && before.fault === null;
  const pulseMs = !before.stopped && (asked || event.kind === 'rex') ? nowMs : world.pulseMs;
  const after: World = { door, nowMs, drawn, timers, pulseMs };
  return broken(before, event, after) ?? after;
}

/** The rules that hold after every event. */
function broken(before: Door, event: DoorEvent, { door, nowMs, drawn, timers, pulseMs }: World): string | undefined {
  const released = isReleased(door);
  const held = door.fire || (door.mode === 'open-house' && door.fault === null);
  const inPulse = nowMs < pulseMs + RULE.pulseMs;
  if (drawn !== released) return `the relay is ${drawn}, the machine says ${released}`;
  if (released && !held && !inPulse) return 'released without pulse, open house or fire';
  if (released && door.stopped) return 'released after stop';
  if (event.kind === 'stop' && (drawn || timers.size > 0)) return 'stop leaves the bolt or a timer';
  if (event.kind === 'fire' && !door.stopped && event.active && !released) return 'fire does not release';
  if (event.kind === 'rex' && !door.stopped && !released) return 'the exit button does not release';
  const ordered = event.kind === 'mode' || (event.kind === 'lock' && before.mode === 'open-house');
  if (door.mode !== before.mode && !ordered) return `the mode changed by ${event.kind}`;
  const refused =
    (event.kind === 'grant' || event.kind === 'open') && (before.mode === 'locked' || before.fault !== null);
  if (refused && released && !isReleased(before)) return 'a grant opens a door that is locked by mode or out of order';
  if (door.alarm && (door.contact !== 'open' || door.fire || door.mode === 'open-house'))
    return 'an alarm at a good door';
  if (door.warned && (door.contact !== 'open' || door.alarm || door.heldAtMs === null))
    return 'a warning at a door that nobody holds';
  if (door.alarm?.level === 2 && door.alarm.times < 2) return 'an alarm that begins as one that has lasted';
  if (before.stopped && stateOf(door) !== 'stopped') return 'it rose from the dead';
  for (const timer of DOOR_TIMERS)
    if ((deadline(door, timer) ?? undefined) !== timers.get(timer))
      return `the timer ${timer} is not what the door wants`;
  return undefined;
}

/** Runs a sequence; then waits. @returns the broken rule, or undefined */
export function run(
  sequence: readonly { readonly afterMs: number; readonly happening: Happening }[],
): string | undefined {
  let world = start();
  for (const { afterMs, happening } of [
    ...sequence,
    { afterMs: RULE.pulseMs, happening: { kind: 'tamper', active: false } as const },
  ]) {
    const after = next(world, afterMs, happening);
    if (typeof after === 'string') return after;
    world = after;
  }
  const { door, drawn } = world;
  if (drawn && !door.fire && door.mode !== 'open-house') return 'a pulse did not end';
  return undefined;
}
