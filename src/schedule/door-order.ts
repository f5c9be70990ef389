// pure
/** What the door's mode is by: the plan, or somebody's order, which stays until the plan asks for another mode than at that time. */

import { JUMP_MS } from '../clock-trust/clock-trust.js';
import type { MonotonicMs, WallMs } from '../kit/clock.js';
import type { Calendar } from './calendar.js';
import type { DoorMode } from './door-mode.js';
import { modeAt, type PlannedMode, planMoved } from './planned-modes.js';

export interface DoorOrder {
  readonly mode: DoorMode;
  readonly by: 'hand' | 'plan';
  /** When somebody gave it; null where the clock was not trusted, and for the plan's. */
  readonly atMs: WallMs | null;
  /** The same by the clock that never jumps; undefined: before the daemon started. */
  readonly atMono: MonotonicMs | undefined;
}

/** Where nobody has ordered anything. */
export const NO_ORDER: DoorOrder = { mode: 'normal', by: 'plan', atMs: null, atMono: undefined };

export interface OrderTime {
  readonly wall: WallMs;
  readonly mono: MonotonicMs;
  readonly trusted: boolean;
}

export const orderByHand = (mode: DoorMode, { wall, mono, trusted }: OrderTime): DoorOrder => ({
  mode,
  by: 'hand',
  atMs: trusted ? wall : null,
  atMono: mono,
});

/** The order in force now. @returns the same object where nothing changed */
export function orderDue(
  order: DoorOrder,
  plan: readonly PlannedMode[],
  now: OrderTime,
  calendar: Calendar,
): DoorOrder {
  // What a plan had set that was taken out of the configuration since.
  if (plan.length === 0) return order.by === 'hand' ? order : planned(order, 'normal');
  // Whether the plan has moved is not known without a clock.
  if (!now.trusted) return order;
  const asked = () => planned(order, modeAt(plan, now.wall, calendar));
  if (order.by === 'plan') return asked();
  const at = givenAt(order, now);
  if (at === undefined || planMoved(plan, at, now.wall, calendar)) return asked();
  return order.atMs === at ? order : { ...order, atMs: at };
}

/** When the order was given, in trusted time; undefined where that is not known and the plan had better decide. */
function givenAt({ mode, atMs, atMono }: DoorOrder, { wall, mono }: OrderTime): WallMs | undefined {
  if (atMono !== undefined) {
    // The clock may have been set right since. A second more or less is none that is worth a write.
    const at = (wall - (mono - atMono)) as WallMs;
    if (atMs === null) return at;
    // That clock stands still while the machine sleeps: an open door counts from the earlier of the two.
    const open = mode === 'open-house' && atMs <= at;
    return open || Math.abs(at - atMs) <= JUMP_MS ? atMs : at;
  }
  if (atMs !== null && atMs <= wall + JUMP_MS) return atMs;
  // Of a door that somebody has opened for all nobody knows for how long; one that is shut stays so until the plan's next move.
  return mode === 'open-house' ? undefined : wall;
}

/** The mode that the door is to be in. Without a clock open house ends, but for one that somebody orders then. */
export function modeOf(
  { mode, by, atMs, atMono }: DoorOrder,
  plan: readonly PlannedMode[],
  trusted: boolean,
): DoorMode {
  if (mode !== 'open-house' || trusted) return mode;
  if (by === 'hand' && (plan.length === 0 || (atMs === null && atMono !== undefined))) return mode;
  return 'normal';
}

const planned = (before: DoorOrder, mode: DoorMode): DoorOrder =>
  before.by === 'plan' && before.mode === mode ? before : { mode, by: 'plan', atMs: null, atMono: undefined };
