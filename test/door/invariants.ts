import {
  DOOR_AT_START,
  DOOR_TIMERS,
  type Door,
  type DoorEvent,
  type DoorRule,
  isReleased,
  type Signals,
  stateOf,
} from '../../src/door/door.js';
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
import { DoorModel } from './model.js';

/** What may happen, often things more often. */
export const HAPPENINGS: readonly Happening[] = [
  ...[grant, grant, grant, open, lock, mode('normal'), mode('normal'), mode('locked'), mode('open-house'), rex, rex],
  ...[doorOpens, doorOpens, doorCloses, doorCloses, tamper, { kind: 'tamper', active: false } as const, fire, fireOff],
  ...[wake('pulse'), wake('warning'), wake('held'), wake('alarm'), wake('escalation'), wake('retry'), ioError, stop],
];

/** Doors of all kinds. */
export const RULES: readonly DoorRule[] = [
  RULE,
  { ...RULE, relockOnClose: false },
  { ...RULE, forcedAlarm: false, heldWarningMs: 0 },
  { ...RULE, pulseMs: 10_000, forcedGraceMs: 0 },
  { ...RULE, pulseMs: 500, relockOnClose: false, escalateMs: 0, heldMs: 10_000 },
  { ...RULE, pulseMs: 25_000, heldMs: 6000, alarmRepeatMs: 1000, escalateMs: 1000 },
];

/** A door, its relay and its timers as the keeper would keep them, and the model that follows the docs. */
interface World {
  readonly rule: DoorRule;
  readonly model: DoorModel;
  readonly door: Door;
  readonly nowMs: number;
  readonly released: boolean;
  /** What the bolt would be left at if the process were killed now. */
  readonly left: boolean;
  /** Lamps and buzzer; the keeper begins with red. */
  readonly shown: Signals;
  readonly timers: Map<string, number>;
}
const start = (rule: DoorRule): World => ({
  rule,
  model: new DoorModel(rule),
  door: DOOR_AT_START,
  nowMs: 0,
  released: false,
  left: false,
  shown: { green: false, red: true, buzzer: 'off' },
  timers: new Map(),
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
  const { door, effects } = step(before, event, world.rule);
  // The world before is not looked at again.
  const { timers, model } = world;
  if (event.kind === 'timer') timers.delete(event.timer);
  let { released, left } = world;
  for (const effect of effects) {
    if (effect.kind === 'arm') timers.set(effect.timer, nowMs + effect.afterMs);
    else if (effect.kind === 'cancel') timers.delete(effect.timer);
    else if (effect.kind === 'leave') left = effect.released;
    else if (effect.kind === 'drive') {
      released = effect.released;
      const ends = timers.has('pulse') || door.fire || (door.mode === 'open-house' && door.fault === null);
      if (released && !ends) return 'the bolt is released before its end is armed';
    }
  }
  model.happen(event);
  let { shown } = world;
  for (const effect of effects) if (effect.kind === 'show') shown = effect;
  const after: World = { ...world, door, nowMs, released, left, shown };
  return (
    broken(before, event, after) ?? model.misreport(event, effects, before, door) ?? model.dark(shown, door) ?? after
  );
}

/** The rules that hold after every event. */
function broken(
  before: Door,
  event: DoorEvent,
  { door, nowMs, released: driven, left, timers, model }: World,
): string | undefined {
  const released = isReleased(door);
  if (driven !== released) return `the relay is ${driven}, the state says ${released}`;
  const objection = model.objection(door, released, nowMs);
  if (objection !== undefined) return objection;
  if (left !== door.fire) return `fire is ${door.fire}, and a killed gate would leave the bolt released: ${left}`;
  if (event.kind === 'stop' && (driven !== door.fire || timers.size > 0)) return 'stop leaves the bolt or a timer';
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
    return 'a warning at a door that is not held';
  if (door.alarm?.level === 2 && door.alarm.times < 2) return 'an alarm that begins as one that has lasted';
  if (before.stopped && stateOf(door) !== 'stopped') return 'a stopped door is at work again';
  for (const timer of DOOR_TIMERS)
    if ((deadline(door, timer) ?? undefined) !== timers.get(timer))
      return `the timer ${timer} is not what the door wants`;
  return undefined;
}

/** Runs a sequence; then waits. @returns the broken rule, or undefined */
export function run(
  sequence: readonly { readonly afterMs: number; readonly happening: Happening }[],
  rule: DoorRule,
): string | undefined {
  let world = start(rule);
  for (const { afterMs, happening } of [
    ...sequence,
    { afterMs: rule.pulseMs, happening: { kind: 'tamper', active: false } as const },
  ]) {
    const after = next(world, afterMs, happening);
    if (typeof after === 'string') return after;
    world = after;
  }
  const { door, released } = world;
  if (released && !door.fire && door.mode !== 'open-house') return 'a pulse did not end';
  return undefined;
}
