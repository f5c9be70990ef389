import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rulesOf } from '../../src/access/rules.js';
import { monotonicMs, wallMs } from '../../src/kit/clock.js';
import type { DoorMode } from '../../src/schedule/door-mode.js';
import {
  type DoorOrder,
  modeOf,
  NO_ORDER,
  type OrderTime,
  orderByHand,
  orderDue,
} from '../../src/schedule/door-order.js';
import { modeAt, planMoved } from '../../src/schedule/planned-modes.js';
import { given } from '../config/given.js';

const HOUR = 3_600_000;
const { doorModes: plan, calendar } = rulesOf(
  given(`access:
  timeZone: UTC
  schedules:
    office: {windows: [{days: mon-fri, from: 08:00, to: 17:00}]}
    night: {windows: [{days: mon-sun, from: 22:00, to: 06:00}]}
  doorModes: [{mode: open-house, schedule: office}, {mode: locked, schedule: night}]`).config.access,
);
/** Tuesday, 24 November 2026; hours from midnight. */
const at = (hours: number, trusted = true): OrderTime => ({
  wall: wallMs(Date.UTC(2026, 10, 24) + hours * HOUR),
  mono: monotonicMs((hours + 100) * HOUR),
  trusted,
});
/** An order as it is after a restart. */
const kept = (order: DoorOrder): DoorOrder => ({ ...order, atMono: undefined });
const mode = (order: DoorOrder, now: OrderTime, of = plan) =>
  modeOf(orderDue(order, of, now, calendar), of, now.trusted);

describe('the plan', () => {
  test.each<[number, DoorMode]>([
    [7, 'normal'],
    [8, 'open-house'],
    [17, 'normal'],
    [22, 'locked'],
  ])('at %i o’clock: %s', (hour, expected) => expect(mode(NO_ORDER, at(hour))).toBe(expected));

  test('is not followed without a trusted clock: open house ends, a locked door stays locked', () => {
    expect(mode(orderDue(NO_ORDER, plan, at(10), calendar), at(11, false))).toBe('normal');
    expect(mode(orderDue(NO_ORDER, plan, at(23), calendar), at(24, false))).toBe('locked');
    expect(mode(NO_ORDER, at(10, false))).toBe('normal');
  });

  test('that was taken out of the configuration leaves a normal door, with or without a trusted clock', () => {
    for (const trusted of [true, false])
      for (const before of ['locked', 'open-house'] as const)
        expect(mode({ ...NO_ORDER, mode: before }, at(10, trusted), [])).toBe('normal');
  });
});

describe('an order by hand', () => {
  test.each<[string, DoorMode, number, number, DoorMode]>([
    ['stays', 'locked', 9, 16, 'locked'],
    ['stays', 'normal', 9, 16, 'normal'],
    ['ends with the plan’s next move', 'locked', 9, 17, 'normal'],
    ['ends with a move that was missed', 'locked', 9, 34, 'open-house'],
    ['ends with the plan’s next move', 'open-house', 19, 22, 'locked'],
  ])('%s: %s at %i o’clock, at %i it is %s', (_what, ordered, from, to, expected) => {
    const order = orderByHand(ordered, at(from));
    expect([mode(order, at(to)), mode(kept(order), at(to))]).toEqual([expected, expected]);
  });

  test('of a locked door survives a clock that loses trust and regains it', () => {
    const locked = orderByHand('locked', at(9));
    for (const order of [locked, kept(locked)]) {
      const lost = orderDue(order, plan, at(10, false), calendar);
      expect([mode(lost, at(10, false)), mode(lost, at(11)), mode(lost, at(18))]).toEqual([
        'locked',
        'locked',
        'normal',
      ]);
    }
  });

  test('given without a trusted clock is dated once the clock is trusted, as long as the daemon runs', () => {
    const order = orderByHand('locked', at(9, false));
    expect(mode(order, at(10))).toBe('locked');
    // Given before eight, the plan has moved since.
    expect(mode(orderByHand('locked', at(7, false)), at(10))).toBe('open-house');
    const found = orderDue(order, plan, at(10), calendar);
    expect(found.atMs).toBe(at(9).wall);
    expect(orderDue(found, plan, at(11), calendar)).toBe(found);
  });

  test('given without a trusted clock before a restart stays if it shuts the door; if it opens the door the plan decides', () => {
    expect(mode(kept(orderByHand('locked', at(9, false))), at(10))).toBe('locked');
    expect(mode(kept(orderByHand('normal', at(9, false))), at(10))).toBe('normal');
    expect(mode(kept(orderByHand('open-house', at(19, false))), at(23))).toBe('locked');
  });

  test('dated by a clock that was ahead counts from when it was given; if that is not known the plan decides', () => {
    const ahead = (given: DoorMode, hours: number): DoorOrder => ({
      ...orderByHand(given, at(hours)),
      atMono: at(hours - 2).mono,
    });
    expect(mode(ahead('open-house', 19), at(18))).toBe('open-house');
    expect(mode(ahead('open-house', 18.5), at(17))).toBe('normal');
    expect(mode(kept(ahead('open-house', 500)), at(20))).toBe('normal');
    const locked = orderDue(kept(ahead('locked', 500)), plan, at(16), calendar);
    expect([mode(locked, at(16)), mode(locked, at(17))]).toEqual(['locked', 'normal']);
    const dated = orderDue(ahead('locked', 10), plan, at(9), calendar);
    expect(dated.atMs).toBe(at(8).wall);
  });

  test('of open house ends with the plan even if the machine slept over its end', () => {
    // The monotonic clock stood still for two hours; it is nineteen o'clock.
    const slept: OrderTime = { ...at(19), mono: at(17).mono };
    const order = orderByHand('open-house', at(16));
    expect(mode(order, slept)).toBe('normal');
    const shut = orderDue(orderByHand('locked', at(16)), plan, slept, calendar);
    expect(modeOf(shut, plan, true)).toBe('locked');
  });

  test('is not written again for a clock that is corrected slowly', () => {
    const order = orderByHand('locked', at(9));
    const later = at(10);
    expect(orderDue(order, plan, { ...later, wall: wallMs(later.wall + 1500) }, calendar)).toBe(order);
  });

  test('of open house holds without a trusted clock only if it was given at that time, or there is no plan to end it', () => {
    expect(mode(orderByHand('open-house', at(19, false)), at(20, false))).toBe('open-house');
    expect(mode(orderByHand('open-house', at(19)), at(20, false))).toBe('normal');
    expect(mode(kept(orderByHand('open-house', at(19, false))), at(20, false))).toBe('normal');
    expect(mode(kept(orderByHand('open-house', at(19))), at(500, false), [])).toBe('open-house');
    expect(mode(orderByHand('open-house', at(19)), at(21))).toBe('open-house');
  });
});

const act = fc.oneof(
  fc.record({
    kind: fc.constant('order' as const),
    mode: fc.constantFrom<DoorMode>('normal', 'locked', 'open-house'),
  }),
  fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ kind: fc.constant('clock' as const), trusted: fc.boolean() }),
  fc.record({ kind: fc.constant('restart' as const) }),
);

test('whatever is ordered, missed, lost and restarted: a door that was shut by hand or by the plan is never found open', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      let [hours, trusted, order] = [0, true, orderDue(NO_ORDER, plan, at(0), calendar)];
      let last: { readonly mode: DoorMode; readonly hours: number } | undefined;
      for (const one of acts) {
        if (one.kind === 'wait') hours += one.hours;
        if (one.kind === 'clock') trusted = one.trusted;
        if (one.kind === 'restart') order = kept(order);
        const now = at(hours, trusted);
        if (one.kind === 'order') {
          order = orderByHand(one.mode, now);
          last = { mode: one.mode, hours };
        }
        order = orderDue(order, plan, now, calendar);
        const is = modeOf(order, plan, trusted);
        const moved = !last || planMoved(plan, at(last.hours).wall, now.wall, calendar);
        // A door shut by hand stays shut as long as the plan asks for nothing else.
        if (last && last.mode !== 'open-house' && !moved) expect(is).toBe(last.mode);
        const wanted = modeAt(plan, now.wall, calendar);
        if (trusted && is === 'open-house')
          expect(wanted === 'open-house' || (!moved && last?.mode === 'open-house')).toBe(true);
        if (!trusted && is === 'open-house') expect(last?.mode).toBe('open-house');
      }
    }),
    { numRuns: 2000 },
  );
});
