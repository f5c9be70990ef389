// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { Alarm, Door, DoorRule } from './door.js';

const alarmOf = (kind: Alarm['kind'], atMs: MonotonicMs, rule: DoorRule): Alarm => ({
  kind,
  times: 1,
  againMs: (atMs + rule.alarmRepeatMs) as MonotonicMs,
});

/** The contact says open. @param expected the bolt is drawn, or was a moment ago */
export function opened(door: Door, atMs: MonotonicMs, expected: boolean, rule: DoorRule): Door {
  const open: Door = { ...door, contact: 'open', openedMs: atMs };
  if (expected || !rule.forcedAlarm || door.alarm) return open;
  return { ...open, alarm: alarmOf('forced', atMs, rule) };
}

/** Alarms whose time has come. A late call tells an alarm once, not once for each repeat that was missed. */
export function alarmsDue(door: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  const { alarm, heldAtMs } = door;
  if (heldAtMs !== null && heldAtMs <= atMs) return { ...door, heldAtMs: null, alarm: alarmOf('held', atMs, rule) };
  if (!alarm || alarm.againMs > atMs) return door;
  return { ...door, alarm: { ...alarmOf(alarm.kind, atMs, rule), times: alarm.times + 1 } };
}

/** Watches a door that stands open, unless it may: in a fire and in open house. */
export function watched(door: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  if (door.contact !== 'open' || door.fire || door.mode === 'open-house' || door.stopped)
    return door.heldAtMs === null && door.alarm === null ? door : { ...door, heldAtMs: null, alarm: null };
  if (door.alarm) return door.heldAtMs === null ? door : { ...door, heldAtMs: null };
  return door.heldAtMs === null ? { ...door, heldAtMs: (atMs + rule.heldMs) as MonotonicMs } : door;
}
