// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { DoorMode } from '../schedule/door-mode.js';

/** What a passer-by would see, and what the site is told. */
export type DoorState = 'locked' | 'unlocked' | 'open' | 'held' | 'forced' | 'fault' | 'stopped';

/** The door stands open and should not. It is told again until it is closed. */
export interface Alarm {
  readonly kind: 'held' | 'forced';
  /** How often it was told. */
  readonly times: number;
  readonly againMs: MonotonicMs;
  /** 2 once it has lasted for so long that somebody must come. */
  readonly level: 1 | 2;
  readonly escalateAtMs: MonotonicMs | null;
}

/** All that the machine remembers. Deadlines are absolute; null: none. */
export interface Door {
  readonly mode: DoorMode;
  readonly fire: boolean;
  readonly tampered: boolean;
  /** Unknown until the contact has spoken, and for ever where none is wired. */
  readonly contact: 'unknown' | 'closed' | 'open';
  readonly openedMs: MonotonicMs | null;
  /** End of the pulse that a face or a request began, and of the one that the exit button began. */
  readonly grantUntilMs: MonotonicMs | null;
  readonly exitUntilMs: MonotonicMs | null;
  /** Somebody has opened the door within the newest pulse. */
  readonly passing: boolean;
  /** An opening until then belongs to the release that has just ended. */
  readonly graceUntilMs: MonotonicMs | null;
  /** When an open door becomes one that is held. */
  readonly heldAtMs: MonotonicMs | null;
  /** When whoever holds it is warned, and whether that was done. */
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
      /** Let somebody in: by face, or by a request. The token says nothing about who; it joins the reports to the decision. */
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

/** What the shell must do, in this order. */
export type DoorEffect =
  /** Replaces what was armed under this name. */
  | { readonly kind: 'arm'; readonly timer: DoorTimer; readonly afterMs: number }
  | { readonly kind: 'cancel'; readonly timer: DoorTimer }
  | { readonly kind: 'drive'; readonly released: boolean }
  | ({ readonly kind: 'show' } & Signals)
  | { readonly kind: 'report'; readonly report: DoorReport };

export interface Signals {
  readonly green: boolean;
  readonly red: boolean;
  readonly buzzer: Buzzer;
}

/** Beeps ask to close the door, a steady tone is an alarm. */
export type Buzzer = 'off' | 'beeps' | 'tone';

/** What journal, log and site are told. */
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
      /** Since when the door stands open, and how often this was told. */
      readonly openMs: number;
      readonly times: number;
      readonly level: 1 | 2;
    }
  | {
      /** The door will be held in a moment. */
      readonly type: 'held-warning';
      readonly active: boolean;
      readonly openMs: number;
    }
  | { readonly type: 'tamper' | 'fire'; readonly active: boolean }
  | { readonly type: 'mode'; readonly mode: DoorMode; readonly before: DoorMode }
  | { readonly type: 'exit' };

/** All durations in milliseconds. */
export interface DoorRule {
  /** How long the bolt stays drawn. */
  readonly pulseMs: number;
  /** Lock as soon as the door was opened and closed again. */
  readonly relockOnClose: boolean;
  /** An open door is held after so long. */
  readonly heldMs: number;
  /** So long before that people at the door hear beeps; 0: never. Less than {@link heldMs}. */
  readonly heldWarningMs: number;
  /** An alarm that lasts for so long is raised to level 2; 0: never. */
  readonly escalateMs: number;
  /** An alarm is told again each time so long has passed. */
  readonly alarmRepeatMs: number;
  /** Whether opening without grant or exit button is an alarm: not where a handle lets people out. */
  readonly forcedAlarm: boolean;
  /** An opening so shortly after the bolt was thrown is not forced: the hand was on the door. */
  readonly forcedGraceMs: number;
}

export interface DoorStep {
  readonly door: Door;
  readonly effects: readonly DoorEffect[];
}

export const pulsing = (door: Door): boolean => door.grantUntilMs !== null || door.exitUntilMs !== null;

/** Whether the bolt shall be drawn. Nothing else decides that. */
export function isReleased(door: Door): boolean {
  if (door.stopped) return false;
  // A relay that is not trusted is not left drawn for a mode, but people must get out.
  return door.fire || pulsing(door) || (door.mode === 'open-house' && door.fault === null);
}

export function stateOf(door: Door): DoorState {
  if (door.stopped) return 'stopped';
  if (door.fault !== null) return 'fault';
  if (door.alarm) return door.alarm.kind;
  if (door.contact === 'open') return 'open';
  return isReleased(door) ? 'unlocked' : 'locked';
}

/** Why neither face nor request opens this door now; undefined when they do. The exit button and fire ask nobody. */
export function whyNotOpen(door: Door): 'stopped' | 'fault' | 'door-mode' | undefined {
  if (door.stopped) return 'stopped';
  if (door.fault !== null) return 'fault';
  return door.mode === 'locked' ? 'door-mode' : undefined;
}
