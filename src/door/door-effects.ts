// pure
import type { MonotonicMs } from '../kit/clock.js';
import {
  type Alarm,
  DOOR_TIMERS,
  type Door,
  type DoorEffect,
  type DoorEvent,
  type DoorReport,
  type DoorTimer,
  isReleased,
  type Signals,
  stateOf,
} from './door.js';

/** When a timer must ring, from what the door remembers; null: it is not armed. */
export function deadline(door: Door, timer: DoorTimer): MonotonicMs | null {
  switch (timer) {
    case 'pulse': {
      const { grantUntilMs, exitUntilMs } = door;
      if (grantUntilMs === null || exitUntilMs === null) return grantUntilMs ?? exitUntilMs;
      return Math.max(grantUntilMs, exitUntilMs) as MonotonicMs;
    }
    case 'warning':
      return door.warnAtMs;
    case 'held':
      return door.heldAtMs;
    case 'alarm':
      return door.alarm?.againMs ?? null;
    case 'escalation':
      return door.alarm?.escalateAtMs ?? null;
    case 'retry':
      return door.retryAtMs;
  }
}

const SIGNALS = ['green', 'red', 'buzzer'] as const;

/** Events after which the relay is driven only if the bolt moves; after all others it is driven again in any case. */
const PASSIVE_EVENTS: readonly DoorEvent['kind'][] = ['contact', 'tamper', 'timer'];

/** All that follows from a step, as the difference of two doors: timers first, then the relay and what it is left at, then lamps and buzzer, then reports. */
export function effectsOf(before: Door, after: Door, event: DoorEvent): DoorEffect[] {
  const released = isReleased(after);
  const retries = before.retryAtMs !== after.retryAtMs && after.retryAtMs !== null;
  const drive = !PASSIVE_EVENTS.includes(event.kind) || retries || released !== isReleased(before);
  const signals = signalsOf(after);
  const shown = signalsOf(before);
  const same = SIGNALS.every((name) => signals[name] === shown[name]);
  return [
    ...DOOR_TIMERS.flatMap((timer) => armed(before, after, event, timer)),
    ...(drive ? [{ kind: 'drive', released } as const] : []),
    // After the relay: what is left behind must not make anybody wait in a fire.
    ...(after.fire === before.fire ? [] : [{ kind: 'leave', released: after.fire } as const]),
    ...(same ? [] : [{ kind: 'show', ...signals } as const]),
    ...reportsOf(before, after, event).map((report) => ({ kind: 'report', report }) as const),
  ];
}

function armed(before: Door, after: Door, event: DoorEvent, timer: DoorTimer): DoorEffect[] {
  const due = deadline(after, timer);
  // A timer that rang early is armed again for the rest.
  const rang = event.kind === 'timer' && event.timer === timer;
  if (due === deadline(before, timer) && !(rang && due !== null)) return [];
  return [due === null ? { kind: 'cancel', timer } : { kind: 'arm', timer, afterMs: due - event.atMs }];
}

/** What lamps and buzzer show of a door. */
export function signalsOf(door: Door): Signals {
  if (door.stopped) return { green: false, red: false, buzzer: 'off' };
  const green = isReleased(door);
  const alarm = door.alarm !== null || door.tampered;
  return { green, red: !green, buzzer: alarm ? 'tone' : door.warned ? 'beeps' : 'off' };
}

const ALARM_TYPE = { held: 'held-open', forced: 'forced' } as const;

function reportsOf(before: Door, after: Door, event: DoorEvent): DoorReport[] {
  const reports: DoorReport[] = [];
  if (event.kind === 'rex') reports.push({ type: 'exit' });
  if (before.fire !== after.fire) reports.push({ type: 'fire', active: after.fire });
  if (before.tampered !== after.tampered) reports.push({ type: 'tamper', active: after.tampered });
  if (before.mode !== after.mode) reports.push({ type: 'mode', mode: after.mode, before: before.mode });
  // A warning that has become an alarm has not ended.
  if (before.warned !== after.warned && !after.alarm && !after.stopped)
    reports.push({ type: 'held-warning', active: after.warned, openMs: openSince(before, after, event.atMs) });
  reports.push(...alarmReports(before, after, event.atMs));
  const state = stateOf(after);
  const token = 'token' in event ? event.token : null;
  if (state !== stateOf(before)) reports.push({ type: 'door', state, mode: after.mode, cause: event.kind, token });
  return reports;
}

const openSince = (before: Door, after: Door, atMs: MonotonicMs): number =>
  atMs - (after.openedMs ?? before.openedMs ?? atMs);

function alarmReports(before: Door, after: Door, atMs: MonotonicMs): DoorReport[] {
  const [old, now] = [before.alarm, after.alarm];
  // That the daemon stops does not mean that the door was closed.
  if (old === now || after.stopped) return [];
  const openMs = openSince(before, after, atMs);
  const reportOf = ({ kind, times, level }: Alarm, phase: 'begins' | 'goes-on' | 'escalates' | 'ends'): DoorReport => ({
    type: ALARM_TYPE[kind],
    phase,
    openMs,
    times,
    level,
  });
  if (now === null) return old === null ? [] : [reportOf(old, 'ends')];
  if (old?.kind === now.kind) return [reportOf(now, old.level === now.level ? 'goes-on' : 'escalates')];
  return old === null ? [reportOf(now, 'begins')] : [reportOf(old, 'ends'), reportOf(now, 'begins')];
}
