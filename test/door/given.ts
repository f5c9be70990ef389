import { DOOR_AT_START, type Door, type DoorEvent, type DoorRule, type DoorTimer } from '../../src/door/door.js';
import { step } from '../../src/door/door-step.js';
import { monotonicMs } from '../../src/kit/clock.js';

export const RULE: DoorRule = {
  pulseMs: 3000,
  relockOnClose: true,
  heldMs: 20_000,
  heldWarningMs: 5000,
  escalateMs: 25_000,
  alarmRepeatMs: 10_000,
  forcedAlarm: true,
  forcedGraceMs: 1000,
};

type Timeless<E> = E extends DoorEvent ? Omit<E, 'atMs'> : never;
export type Happening = Timeless<DoorEvent>;
export const at = (ms: number, happening: Happening): DoorEvent =>
  ({ ...happening, atMs: monotonicMs(ms) }) as DoorEvent;

export const grant: Happening = { kind: 'grant', token: null };
export const open: Happening = { kind: 'open', token: null };
export const lock: Happening = { kind: 'lock' };
export const rex: Happening = { kind: 'rex' };
export const doorOpens: Happening = { kind: 'contact', open: true };
export const doorCloses: Happening = { kind: 'contact', open: false };
export const fire: Happening = { kind: 'fire', active: true };
export const fireOff: Happening = { kind: 'fire', active: false };
export const tamper: Happening = { kind: 'tamper', active: true };
export const broken: Happening = { kind: 'io-error', why: 'wire' };
export const stop: Happening = { kind: 'stop' };
export const mode = (to: 'normal' | 'locked' | 'open-house'): Happening => ({ kind: 'mode', mode: to });
export const wake = (timer: DoorTimer): Happening => ({ kind: 'timer', timer });

/** A door to which this has happened, one after the other. */
export const doorAfter = (happenings: readonly (readonly [number, Happening])[], rule = RULE): Door =>
  happenings.reduce((door, [ms, happening]) => step(door, at(ms, happening), rule).door, DOOR_AT_START);
