import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Clock } from '../kit/clock.js';
import type { Calendar } from './calendar.js';
import type { DoorMode } from './door-mode.js';
import { modeOf, type OrderTime, orderByHand, orderDue } from './door-order.js';
import type { DoorOrderFile } from './door-order-file.js';
import type { PlannedMode } from './planned-modes.js';

export interface DoorScheduleParts {
  readonly rules: { readonly doorModes: readonly PlannedMode[]; readonly calendar: Calendar };
  readonly clock: Clock;
  readonly trustedClock: Pick<TrustedClock, 'trusted'>;
  /** What the door's mode follows, across restarts. */
  readonly orders: Pick<DoorOrderFile, 'order' | 'keep' | 'keepNow'>;
  readonly door: { readonly mode: DoorMode; setMode(mode: DoorMode): void };
}

/** Keeps the door in the mode that the plan, or an order by hand, asks for. */
export class DoorSchedule {
  readonly #parts: DoorScheduleParts;

  constructor(parts: DoorScheduleParts) {
    this.#parts = parts;
  }

  /**
   * The door's mode was set by hand, or `lock` was requested: that ends open house, even one that still waits for a trusted clock.
   * Resolves when it is on the disk; rejects with the error of the disk.
   */
  ordered(asked: DoorMode | 'lock'): Promise<void> {
    const { orders } = this.#parts;
    if (asked === 'lock' && orders.order.mode !== 'open-house') return Promise.resolve();
    return orders.keepNow(orderByHand(asked === 'lock' ? 'normal' : asked, this.#now()));
  }

  /** Brings the door into the mode that is due. To be called at the start and each minute. */
  follow(): void {
    const { rules, orders, door } = this.#parts;
    const now = this.#now();
    const order = orderDue(orders.order, rules.doorModes, now, rules.calendar);
    orders.keep(order);
    const due = modeOf(order, rules.doorModes, now.trusted);
    if (due !== door.mode) door.setMode(due);
  }

  #now(): OrderTime {
    const { clock, trustedClock } = this.#parts;
    return { wall: clock.wall(), mono: clock.monotonic(), trusted: trustedClock.trusted };
  }
}
