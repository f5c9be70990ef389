// pure
import type { MonotonicMs } from '../kit/clock.js';
import { type Door, type DoorEvent, type DoorRule, type DoorStep, isReleased, pulsing, whyNotOpen } from './door.js';
import { alarmsDue, opened, startHeldTimer, updateHeldTimer } from './door-alarm.js';
import { effectsOf } from './door-effects.js';

/** A relay that did not obey is driven again each time so many milliseconds have passed, for ever: the bolt may still be released. */
export const RETRY_MS = 500;

/**
 * The only place that changes the door's state. First what time alone has ended, then the event, then what follows from both. The
 * end of a pulse is armed before the pulse begins: should anything go wrong in between, the door is locked again and not left open.
 * @param event its `atMs` must not be before that of the event before
 */
export function step(door: Door, event: DoorEvent, rule: DoorRule): DoorStep {
  if (door.stopped)
    return { door, effects: event.kind === 'stop' ? [{ kind: 'drive', released: isReleased(door) }] : [] };
  if ((event.kind === 'grant' || event.kind === 'open') && whyNotOpen(door)) {
    // Refused, but the time that has passed counts, as with a timer.
    const waited = settle(door, elapse(door, event.atMs, rule), event.atMs, rule);
    return { door: waited, effects: effectsOf(door, waited, { kind: 'timer', timer: 'pulse', atMs: event.atMs }) };
  }
  const before = settle(door, elapse(door, event.atMs, rule), event.atMs, rule);
  const after = settle(before, apply(before, event, rule), event.atMs, rule);
  return { door: after, effects: effectsOf(door, after, event) };
}

const until = (atMs: MonotonicMs, ms: number): MonotonicMs => (atMs + ms) as MonotonicMs;
const running = (end: MonotonicMs | null, atMs: MonotonicMs): MonotonicMs | null =>
  end !== null && end > atMs ? end : null;

/** The door after time has passed: pulses that ended, alarms and retries that are due. */
function elapse(door: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  const { grantUntilMs, exitUntilMs, retryAtMs } = door;
  const alarmed = alarmsDue(door, atMs, rule);
  const due = [grantUntilMs, exitUntilMs, retryAtMs].some((end) => end !== null && end <= atMs);
  if (!due) return alarmed;
  return {
    ...alarmed,
    grantUntilMs: running(grantUntilMs, atMs),
    exitUntilMs: running(exitUntilMs, atMs),
    retryAtMs: retryAtMs !== null && retryAtMs <= atMs ? until(atMs, RETRY_MS) : retryAtMs,
  };
}

function apply(door: Door, event: DoorEvent, rule: DoorRule): Door {
  const { atMs } = event;
  const end = until(atMs, rule.pulseMs);
  switch (event.kind) {
    case 'grant':
    case 'open':
      return { ...pulse(door, atMs, rule), grantUntilMs: end };
    case 'rex':
      return { ...pulse(door, atMs, rule), exitUntilMs: end };
    case 'lock':
      // A person who pressed the exit button is still let out.
      return { ...door, grantUntilMs: null, mode: door.mode === 'open-house' ? 'normal' : door.mode };
    case 'mode':
      return { ...door, mode: event.mode, grantUntilMs: event.mode === 'locked' ? null : door.grantUntilMs };
    case 'contact':
      return contact(door, event.open, atMs, rule);
    case 'tamper':
      return { ...door, tampered: event.active };
    case 'fire':
      return { ...door, fire: event.active };
    case 'timer':
      return door;
    case 'io-error':
      return { ...door, fault: event.why, grantUntilMs: null, retryAtMs: until(atMs, RETRY_MS) };
    case 'stop':
      return { ...door, stopped: true, grantUntilMs: null, exitUntilMs: null, retryAtMs: null };
  }
}

/** A new pulse. A second one lengthens the first, never shortens it: the first person is still in the doorway. */
const pulse = (door: Door, atMs: MonotonicMs, rule: DoorRule): Door => ({
  ...(door.heldAtMs === null ? door : startHeldTimer(door, atMs, rule)),
  passing: false,
});

function contact(door: Door, open: boolean, atMs: MonotonicMs, rule: DoorRule): Door {
  if (!open) {
    const closed: Door = { ...door, contact: 'closed', openedMs: null, passing: false };
    return door.passing && rule.relockOnClose ? { ...closed, grantUntilMs: null, exitUntilMs: null } : closed;
  }
  if (door.contact === 'open') return door;
  const inGrace = door.graceUntilMs !== null && atMs <= door.graceUntilMs;
  // A door found open at the start was not forced.
  const expected = isReleased(door) || inGrace || door.contact === 'unknown';
  return opened({ ...door, passing: pulsing(door) }, atMs, expected, rule);
}

/** What follows from the change of `before` into `after`. */
function settle(before: Door, after: Door, atMs: MonotonicMs, rule: DoorRule): Door {
  const ended = isReleased(before) && !isReleased(after);
  const graced = ended ? { ...after, passing: false, graceUntilMs: until(atMs, rule.forcedGraceMs) } : after;
  return updateHeldTimer(graced, atMs, rule);
}
