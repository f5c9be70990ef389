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

/** Not watched: nobody is warned, and the door is never held. */
const UNWATCHED = { heldAtMs: null, warnAtMs: null, warned: false } as const;

/** The door becomes one that is held in `heldMs`, and a moment before it whoever holds it is warned. */
export function watch(door: Door, atMs: MonotonicMs, { heldMs, heldWarningMs }: DoorRule): Door {
  const warnAtMs = heldWarningMs > 0 ? later(atMs, heldMs - heldWarningMs) : null;
  return { ...door, heldAtMs: later(atMs, heldMs), warnAtMs, warned: false };
}

/** The contact says open. @param expected the bolt is drawn, or was a moment ago */
export function opened(door: Door, atMs: MonotonicMs, expected: boolean, rule: DoorRule): Door {
  const open: Door = { ...door, contact: 'open', openedMs: atMs };
  if (expected || !rule.forcedAlarm || door.alarm) return open;
  return { ...open, alarm: alarmOf('forced', atMs, rule) };
}

/** Warnings and alarms whose time has come. A late call tells an alarm once, not once for each repeat that was missed. */
export function alarmsDue(door: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  const { alarm, heldAtMs, warnAtMs } = door;
  if (heldAtMs !== null && heldAtMs <= atMs) return { ...door, ...UNWATCHED, alarm: alarmOf('held', atMs, rule) };
  if (warnAtMs !== null && warnAtMs <= atMs) return { ...door, warnAtMs: null, warned: true };
  if (!alarm) return door;
  const escalates = alarm.escalateAtMs !== null && alarm.escalateAtMs <= atMs;
  if (!escalates && alarm.againMs > atMs) return door;
  // Told as escalated, it is not told again at once.
  const told = { ...alarm, times: alarm.times + 1, againMs: later(atMs, rule.alarmRepeatMs) };
  return { ...door, alarm: escalates ? { ...told, level: 2, escalateAtMs: null } : told };
}

/** Watches a door that stands open, unless it may: in a fire and in open house. */
export function watched(door: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  if (door.contact !== 'open' || door.fire || door.mode === 'open-house' || door.stopped)
    return door.heldAtMs === null && door.alarm === null ? door : { ...door, ...UNWATCHED, alarm: null };
  if (door.alarm) return door.heldAtMs === null ? door : { ...door, ...UNWATCHED };
  return door.heldAtMs === null ? watch(door, atMs, rule) : door;
}
