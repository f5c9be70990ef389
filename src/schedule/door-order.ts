// pure
/** What sets the door's mode: the plan, or an order by hand, which stays until the plan asks for another mode than when it was given. */

import { JUMP_MS } from '../clock-trust/clock-trust.js';
import type { MonotonicMs, WallMs } from '../kit/clock.js';
import type { Calendar } from './calendar.js';
import type { DoorMode } from './door-mode.js';
import { modeAt, type PlannedMode, planMoved } from './planned-modes.js';

export interface DoorOrder {
  readonly mode: DoorMode;
  readonly by: 'hand' | 'plan';
  /** When it was given; null if the clock was not trusted then, and for the plan's. */
  readonly atMs: WallMs | null;
  /** The same on the monotonic clock; undefined: before the daemon started. */
  readonly atMono: MonotonicMs | undefined;
}

/** Nothing was ordered by hand. */
export const NO_ORDER: DoorOrder = { mode: 'normal', by: 'plan', atMs: null, atMono: undefined };

export interface OrderTime {
  readonly wall: WallMs;
  readonly mono: MonotonicMs;
  readonly trusted: boolean;
}

/** An order given by hand now. */
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
  // A plan that was taken out of the configuration leaves nothing behind.
  if (plan.length === 0) return order.by === 'hand' ? order : planned(order, 'normal');
  // Without a trusted clock it is not known whether the plan has moved.
  if (!now.trusted) return order;
  const byPlan = () => planned(order, modeAt(plan, now.wall, calendar));
  if (order.by === 'plan') return byPlan();
  const at = givenAt(order, now);
  if (at === undefined || planMoved(plan, at, now.wall, calendar)) return byPlan();
  return order.atMs === at ? order : { ...order, atMs: at };
}

/** When the order was given, in trusted time; undefined if that is not known and the plan must decide. */
function givenAt({ mode, atMs, atMono }: DoorOrder, { wall, mono }: OrderTime): WallMs | undefined {
  if (atMono !== undefined) {
    // The clock may have been set right since. A difference of a second or two is not worth a write.
    const at = (wall - (mono - atMono)) as WallMs;
    if (atMs === null) return at;
    // The monotonic clock stands still while the machine sleeps: an open door counts from the earlier of the two.
    const open = mode === 'open-house' && atMs <= at;
    return open || Math.abs(at - atMs) <= JUMP_MS ? atMs : at;
  }
  if (atMs !== null && atMs <= wall + JUMP_MS) return atMs;
  // How long an open house has lasted is not known, so the plan decides; a door that is shut stays so until the plan's next move.
  return mode === 'open-house' ? undefined : wall;
}

/** The mode that the door is to be in. Without a trusted clock open house ends, unless it was ordered by hand and either the clock was not trusted then, or there is no plan to end it. */
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
