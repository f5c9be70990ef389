// pure
import type { MonotonicMs } from '../kit/clock.js';

/** The first form of the door: locked, released for a pulse, or out of order. */
export type Door =
  | { readonly state: 'locked' }
  | { readonly state: 'unlocked'; readonly untilMs: MonotonicMs }
  | { readonly state: 'fault'; readonly why: string }
  | { readonly state: 'stopped' };

export type DoorEvent =
  /** Let somebody in: by face or by request. */
  | { readonly kind: 'open'; readonly atMs: MonotonicMs }
  | { readonly kind: 'timer'; readonly atMs: MonotonicMs }
  | { readonly kind: 'io-error'; readonly why: string }
  | { readonly kind: 'stop' };

/** What the shell must do, in this order. */
export type DoorEffect =
  | { readonly kind: 'arm'; readonly afterMs: number }
  | { readonly kind: 'drive'; readonly released: boolean };

/** A relay that did not obey is told again, for ever: the bolt may still be drawn. */
const LET_GO: readonly DoorEffect[] = [
  { kind: 'arm', afterMs: 500 },
  { kind: 'drive', released: false },
];

export interface DoorRule {
  /** How long the bolt stays drawn, milliseconds. */
  readonly pulseMs: number;
}

export interface DoorStep {
  readonly door: Door;
  readonly effects: readonly DoorEffect[];
}

/**
 * The only place that decides whether the bolt may be drawn. The end of a pulse is armed before the pulse begins: should
 * anything go wrong in between, the door is locked again and not left open.
 */
export function step(door: Door, event: DoorEvent, rule: DoorRule): DoorStep {
  const stay: DoorStep = { door, effects: [] };
  const lock: DoorStep = { door: { state: 'locked' }, effects: [{ kind: 'drive', released: false }] };
  switch (event.kind) {
    case 'open': {
      if (door.state === 'fault' || door.state === 'stopped') return stay;
      const untilMs = (event.atMs + rule.pulseMs) as MonotonicMs;
      // A second grant lengthens the pulse, never shortens it: the first person is still in the doorway.
      const end: DoorEffect = { kind: 'arm', afterMs: rule.pulseMs };
      const drive: DoorEffect = { kind: 'drive', released: true };
      return { door: { state: 'unlocked', untilMs }, effects: [end, drive] };
    }
    case 'timer': {
      if (door.state === 'fault') return { door, effects: LET_GO };
      if (door.state !== 'unlocked') return stay;
      // A timer that fires early is armed again for the rest.
      if (event.atMs < door.untilMs) return { door, effects: [{ kind: 'arm', afterMs: door.untilMs - event.atMs }] };
      return lock;
    }
    case 'io-error':
      if (door.state === 'stopped') return stay;
      return { door: { state: 'fault', why: event.why }, effects: LET_GO };
    case 'stop':
      return { door: { state: 'stopped' }, effects: [{ kind: 'drive', released: false }] };
  }
}
