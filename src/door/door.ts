// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { DoorMode } from '../schedule/door-mode.js';

/** The door's state as it is reported to the site. */
export type DoorState = 'locked' | 'unlocked' | 'open' | 'held' | 'forced' | 'fault' | 'stopped';

/** The door stands open and should not. Reported again and again until the door is closed. */
export interface Alarm {
  readonly kind: 'held' | 'forced';
  /** How often it was reported. */
  readonly times: number;
  readonly againMs: MonotonicMs;
  /** 2 once it has lasted so long that a person must come. */
  readonly level: 1 | 2;
  readonly escalateAtMs: MonotonicMs | null;
}

/** All that the door remembers. Deadlines are absolute; null: none. */
export interface Door {
  readonly mode: DoorMode;
  readonly fire: boolean;
  readonly tampered: boolean;
  /** Unknown until the contact's first level, and always where no contact is wired. */
  readonly contact: 'unknown' | 'closed' | 'open';
  readonly openedMs: MonotonicMs | null;
  /** End of the pulse that a face or a request began, and of the one that the exit button began. */
  readonly grantUntilMs: MonotonicMs | null;
  readonly exitUntilMs: MonotonicMs | null;
  /** The door was opened within the newest pulse. */
  readonly passing: boolean;
  /** An opening until then belongs to the release that has just ended. */
  readonly graceUntilMs: MonotonicMs | null;
  /** When the open door will count as held. */
  readonly heldAtMs: MonotonicMs | null;
  /** When people at the door are warned, and whether that was done. */
  readonly warnAtMs: MonotonicMs | null;
  readonly warned: boolean;
  readonly alarm: Alarm | null;
  /** Why the relay does not obey. Stays until the daemon is restarted. */
  readonly fault: string | null;
  readonly retryAtMs: MonotonicMs | null;
  readonly stopped: boolean;
}

export const DOOR_AT_START: Door = {
  mode: 'normal',
  fire: false,
  tampered: false,
  contact: 'unknown',
  openedMs: null,
  grantUntilMs: null,
  exitUntilMs: null,
  passing: false,
  graceUntilMs: null,
  heldAtMs: null,
  warnAtMs: null,
  warned: false,
  alarm: null,
  fault: null,
  retryAtMs: null,
  stopped: false,
};

export type DoorEvent = { readonly atMs: MonotonicMs } & (
  | {
      /** A person is let in: by face, or by a request. The token joins the reports to the decision and says nothing about the person. */
      readonly kind: 'grant' | 'open';
      readonly token: string | null;
    }
  /** Ends every pulse of face and request, and open house. */
  | { readonly kind: 'lock' }
  | { readonly kind: 'mode'; readonly mode: DoorMode }
  /** The exit button was pressed. */
  | { readonly kind: 'rex' }
  | { readonly kind: 'contact'; readonly open: boolean }
  | { readonly kind: 'tamper' | 'fire'; readonly active: boolean }
  | { readonly kind: 'timer'; readonly timer: DoorTimer }
  /** The relay did not obey. */
  | { readonly kind: 'io-error'; readonly why: string }
  | { readonly kind: 'stop' }
);

export const DOOR_TIMERS = ['pulse', 'warning', 'held', 'alarm', 'escalation', 'retry'] as const;
export type DoorTimer = (typeof DOOR_TIMERS)[number];

/** What the keeper must do, in this order. */
export type DoorEffect =
  /** Replaces what was armed under this name. */
  | { readonly kind: 'arm'; readonly timer: DoorTimer; readonly afterMs: number }
  | { readonly kind: 'cancel'; readonly timer: DoorTimer }
  | { readonly kind: 'drive'; readonly released: boolean }
  /** What the bolt is left at, however this process ends from now on. */
  | { readonly kind: 'leave'; readonly released: boolean }
  | ({ readonly kind: 'show' } & Signals)
  | { readonly kind: 'report'; readonly report: DoorReport };

export interface Signals {
  readonly green: boolean;
  readonly red: boolean;
  readonly buzzer: Buzzer;
}

/** Beeps ask to close the door, a steady tone is an alarm. */
export type Buzzer = 'off' | 'beeps' | 'tone';

/** What is reported to journal, log and site. */
export type DoorReport =
  | {
      readonly type: 'door';
      readonly state: DoorState;
      readonly mode: DoorMode;
      readonly cause: DoorEvent['kind'];
      readonly token: string | null;
    }
  | {
      readonly type: 'held-open' | 'forced';
      readonly phase: 'begins' | 'goes-on' | 'escalates' | 'ends';
      /** How long the door has been open. */
      readonly openMs: number;
      /** How often it was reported; the end does not count. */
      readonly times: number;
      readonly level: 1 | 2;
    }
  | {
      /** The door will soon count as held. */
      readonly type: 'held-warning';
      readonly active: boolean;
      readonly openMs: number;
    }
  | { readonly type: 'tamper' | 'fire'; readonly active: boolean }
  | { readonly type: 'mode'; readonly mode: DoorMode; readonly before: DoorMode }
  | { readonly type: 'exit' }
  /** The exit button has been pressed for longer than anybody presses one. */
  | { readonly type: 'exit-stuck'; readonly active: boolean };

/** All durations in milliseconds. */
export interface DoorRule {
  /** How long the bolt stays released. */
  readonly pulseMs: number;
  /** Lock as soon as the door was opened and closed again. */
  readonly relockOnClose: boolean;
  /** An open door counts as held after so long. */
  readonly heldMs: number;
  /** People at the door hear beeps so long before that; 0: never. Less than {@link heldMs}. */
  readonly heldWarningMs: number;
  /** An alarm that lasts for so long is raised to level 2; 0: never. */
  readonly escalateMs: number;
  /** An alarm is reported again each time so long has passed. */
  readonly alarmRepeatMs: number;
  /** Whether opening without grant or exit button is an alarm; false where people leave by a handle. */
  readonly forcedAlarm: boolean;
  /** An opening within this time after the bolt locked is not forced: the hand was on the door already. */
  readonly forcedGraceMs: number;
}

export interface DoorStep {
  readonly door: Door;
  readonly effects: readonly DoorEffect[];
}

/** Whether a pulse is running. */
export const pulsing = (door: Door): boolean => door.grantUntilMs !== null || door.exitUntilMs !== null;

/** Whether the bolt must be released. Nothing else decides that. */
export function isReleased(door: Door): boolean {
  // Whoever stops the gate in a fire must not lock people in.
  if (door.stopped) return door.fire;
  // A relay in fault is not left released for a mode, but people must get out.
  return door.fire || pulsing(door) || (door.mode === 'open-house' && door.fault === null);
}

/** The state to report. */
export function stateOf(door: Door): DoorState {
  if (door.stopped) return 'stopped';
  if (door.fault !== null) return 'fault';
  if (door.alarm) return door.alarm.kind;
  if (door.contact === 'open') return 'open';
  return isReleased(door) ? 'unlocked' : 'locked';
}

/** Why neither face nor request opens this door now; undefined when they do. Exit button and fire release it in any case. */
export function whyNotOpen(door: Door): 'stopped' | 'fault' | 'door-mode' | undefined {
  if (door.stopped) return 'stopped';
  if (door.fault !== null) return 'fault';
  return door.mode === 'locked' ? 'door-mode' : undefined;
}
