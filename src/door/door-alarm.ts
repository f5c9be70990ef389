// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { Alarm, Door, DoorRule } from './door.js';

const alarmOf = (kind: Alarm['kind'], atMs: MonotonicMs, rule: DoorRule): Alarm => ({
  kind,
  times: 1,
  againMs: later(atMs, rule.alarmRepeatMs),
  level: 1,
  escalateAtMs: rule.escalateMs > 0 ? later(atMs, rule.escalateMs) : null,
});

const later = (atMs: MonotonicMs, ms: number): MonotonicMs => (atMs + ms) as MonotonicMs;

/** No warning comes, and the door does not become held. */
const NO_HELD_TIMER = { heldAtMs: null, warnAtMs: null, warned: false } as const;

/** The open door will count as held in `heldMs`; people at the door are warned a moment before. */
export function startHeldTimer(door: Door, atMs: MonotonicMs, { heldMs, heldWarningMs }: DoorRule): Door {
  const warnAtMs = heldWarningMs > 0 ? later(atMs, heldMs - heldWarningMs) : null;
  return { ...door, heldAtMs: later(atMs, heldMs), warnAtMs, warned: false };
}

/** The door was opened. @param expected the bolt is released, or was a moment ago; otherwise the door is forced */
export function opened(door: Door, atMs: MonotonicMs, expected: boolean, rule: DoorRule): Door {
  const open: Door = { ...door, contact: 'open', openedMs: atMs };
  if (expected || !rule.forcedAlarm || door.alarm) return open;
  return { ...open, alarm: alarmOf('forced', atMs, rule) };
}

/** Warnings and alarms whose time has come. A late call repeats an alarm once, not once for each repeat that was missed. */
export function alarmsDue(door: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  const { alarm, heldAtMs, warnAtMs } = door;
  if (heldAtMs !== null && heldAtMs <= atMs) return { ...door, ...NO_HELD_TIMER, alarm: alarmOf('held', atMs, rule) };
  if (warnAtMs !== null && warnAtMs <= atMs) return { ...door, warnAtMs: null, warned: true };
  if (!alarm) return door;
  const escalates = alarm.escalateAtMs !== null && alarm.escalateAtMs <= atMs;
  if (!escalates && alarm.againMs > atMs) return door;
  // An alarm that escalates is not repeated at once as well.
  const repeated = { ...alarm, times: alarm.times + 1, againMs: later(atMs, rule.alarmRepeatMs) };
  return { ...door, alarm: escalates ? { ...repeated, level: 2, escalateAtMs: null } : repeated };
}

/** Times a door that stands open, except in a fire and in open house, when it may. */
export function updateHeldTimer(door: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  if (door.contact !== 'open' || door.fire || door.mode === 'open-house' || door.stopped)
    return door.heldAtMs === null && door.alarm === null ? door : { ...door, ...NO_HELD_TIMER, alarm: null };
  if (door.alarm) return door.heldAtMs === null ? door : { ...door, ...NO_HELD_TIMER };
  return door.heldAtMs === null ? startHeldTimer(door, atMs, rule) : door;
}
