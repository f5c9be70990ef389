import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ClockFacts,
  type ClockNeeds,
  type ClockTrust,
  compareClocks,
  DISTRUST_TEXT,
  firstComparison,
  JUMP_MS,
  NEVER_TRUSTED,
  noteTrusted,
  type TrustedTimes,
  whyDistrust,
} from '../../src/clock-trust/clock-trust.js';
import { monotonicMs, wallMs } from '../../src/kit/clock.js';

const START = Date.UTC(2026, 5, 1, 8);
const HOUR = 3_600_000;

const facts = (synchronised?: number, rtcAgrees = false): ClockFacts => ({
  synchronisedMs: synchronised === undefined ? undefined : wallMs(synchronised),
  rtcAgrees,
});
const trustedAt = (network: number | null, battery: number | null = null): TrustedTimes => ({
  networkMs: network === null ? null : wallMs(network),
  batteryMs: battery === null ? null : wallMs(battery),
});
const started = (given: ClockFacts, times = NEVER_TRUSTED, needs: ClockNeeds = 'auto') =>
  firstComparison(needs, given, times, wallMs(START), monotonicMs(0));
/** A comparison `after` ms after the start, with a clock that is `off` from the true one. */
const compared = (trust: ClockTrust, given: ClockFacts, after: number, off = 0) =>
  compareClocks(trust, given, wallMs(START + after + off), monotonicMs(after));
const why = (trust: ClockTrust, after = 0, off = 0) => whyDistrust(trust, wallMs(START + after + off));

const SYNCED = facts(START - 1000);

describe('the clock at start', () => {
  test.each<[string, ClockFacts, TrustedTimes, ClockNeeds, ReturnType<typeof whyDistrust>]>([
    ['synchronised since boot it is trusted', SYNCED, NEVER_TRUSTED, 'auto', undefined],
    ['confirmed by a battery-backed clock it is trusted', facts(undefined, true), NEVER_TRUSTED, 'auto', undefined],
    ['with neither it is not trusted', facts(), NEVER_TRUSTED, 'auto', 'not-synchronised'],
    [
      'a battery-backed clock is not enough where the network must confirm',
      facts(undefined, true),
      NEVER_TRUSTED,
      'synchronised',
      'not-synchronised',
    ],
    [
      'behind a time that the network had confirmed it is not trusted',
      SYNCED,
      trustedAt(START + HOUR),
      'auto',
      'set-back',
    ],
    ['a moment behind such a time it is trusted', SYNCED, trustedAt(START + JUMP_MS), 'auto', undefined],
    [
      'behind a time that only a battery-backed clock had confirmed it is not trusted',
      facts(undefined, true),
      trustedAt(null, START + HOUR),
      'auto',
      'set-back',
    ],
    [
      'behind such a time it is trusted when the network confirms it',
      SYNCED,
      trustedAt(null, START + HOUR),
      'auto',
      undefined,
    ],
    [
      'synchronised in the future it is not trusted: it was put back since',
      facts(START + HOUR),
      NEVER_TRUSTED,
      'auto',
      'not-synchronised',
    ],
    ['unchecked it is trusted whatever it shows', facts(), trustedAt(START + HOUR), 'unchecked', undefined],
  ])('%s', (_what, given, times, needs, reason) => expect(why(started(given, times, needs))).toBe(reason));

  test('a confirmation from the future does not become valid by waiting', () => {
    const odd = facts(START + HOUR);
    expect(why(compared(started(odd), odd, 2 * HOUR), 2 * HOUR)).toBe('not-synchronised');
  });
});

describe('the clock later', () => {
  test('the first synchronisation brings trust, and its loss does not take it', () => {
    const trust = compared(started(facts()), facts(START + 5000), 60_000);
    expect(why(trust, 60_000)).toBeUndefined();
    expect(why(compared(trust, facts(), HOUR), HOUR)).toBeUndefined();
  });

  test('a clock that was set back catches up with itself', () => {
    expect(why(started(SYNCED, trustedAt(START + HOUR)), HOUR)).toBeUndefined();
  });

  test.each<[string, ClockFacts, TrustedTimes, TrustedTimes]>([
    ['by the network', SYNCED, NEVER_TRUSTED, trustedAt(START)],
    ['by a battery-backed clock', facts(undefined, true), NEVER_TRUSTED, trustedAt(null, START)],
    ['by the network, never lowered', SYNCED, trustedAt(START + HOUR), trustedAt(START + HOUR)],
    ['by a battery-backed clock, beside the network’s', facts(undefined, true), trustedAt(1, 2), trustedAt(1, START)],
    ['by the network, which overrules a battery-backed clock', SYNCED, trustedAt(1, START + HOUR), trustedAt(START)],
    [
      'by the network, ahead of what a battery-backed clock had confirmed,',
      SYNCED,
      trustedAt(1, 2),
      trustedAt(START, 2),
    ],
    ['by the network an hour ago', facts(START - HOUR), NEVER_TRUSTED, trustedAt(START)],
    [
      'by the network more than an hour ago, like one trusted by a battery-backed clock,',
      facts(START - HOUR - 1),
      NEVER_TRUSTED,
      trustedAt(null, START),
    ],
  ])('a time that is trusted %s is remembered', (_by, given, before, after) => {
    expect(noteTrusted(started(given, before), wallMs(START))).toEqual(after);
  });

  test('a network that has not confirmed the clock for long counts no more than a battery-backed clock', () => {
    const later = compared(started(SYNCED), SYNCED, 2 * HOUR);
    expect(noteTrusted(later, wallMs(START + 2 * HOUR))).toEqual(trustedAt(null, START + 2 * HOUR));
    const confirmed = compared(later, facts(START + 2 * HOUR), 2 * HOUR + 1);
    expect(noteTrusted(confirmed, wallMs(START + 2 * HOUR + 1))).toEqual(trustedAt(START + 2 * HOUR + 1));
  });

  test('when nothing is new the same object is returned', () => {
    const trust = started(SYNCED, trustedAt(START + HOUR));
    expect(noteTrusted(trust, wallMs(START))).toBe(trust.times);
  });
});

describe('a jump', () => {
  test.each([
    ['forward', HOUR],
    ['back', -HOUR],
  ])('%s is not believed, however long one waits', (_where, off) => {
    let trust = compared(started(SYNCED), SYNCED, 1000, off);
    expect(why(trust, 1000, off)).toBe('jumped');
    for (let after = 60_000; after < 3 * HOUR; after += 60_000) trust = compared(trust, SYNCED, after, off);
    expect(why(trust, 3 * HOUR, off)).toBe('jumped');
  });

  test.each([
    ['forward', HOUR],
    ['back', -HOUR],
  ])('%s is believed once the network confirms it', (_where, off) => {
    const jumped = compared(started(SYNCED), SYNCED, 1000, off);
    const confirmed = compared(jumped, facts(START + 30_000 + off), 60_000, off);
    expect(why(confirmed, 60_000, off)).toBeUndefined();
    expect(why(compared(confirmed, facts(START + 30_000 + off), 90_000, off), 90_000, off)).toBeUndefined();
  });

  test('that the network makes itself is believed as soon as its confirmation is known', () => {
    const before = started(facts(undefined, true));
    const step = compared(before, facts(START + 500 + HOUR), 1000, HOUR);
    expect(why(step, 1000, HOUR)).toBeUndefined();
  });

  test('is not confirmed by an old confirmation that could not be read for a while', () => {
    const jumped = compared(started(SYNCED), SYNCED, 1000, -HOUR);
    const unread = compared(jumped, facts(), 60_000, -HOUR);
    expect(why(compared(unread, SYNCED, 2 * HOUR, -HOUR), 2 * HOUR, -HOUR)).toBe('jumped');
  });

  test('that is taken back is forgotten', () => {
    const jumped = compared(started(SYNCED), SYNCED, 1000, HOUR);
    expect(why(compared(jumped, SYNCED, 2000), 2000)).toBeUndefined();
  });

  test('in many small steps counts as a jump', () => {
    let trust = started(SYNCED);
    for (let step = 1; step <= 5; step++) trust = compared(trust, SYNCED, step * 1000, step * 1500);
    expect(why(trust, 5000, 7500)).toBe('jumped');
  });

  test('to an invalid time (NaN) counts as a jump, and is over when the time is valid again', () => {
    const broken = compareClocks(started(SYNCED), SYNCED, wallMs(Number.NaN), monotonicMs(1000));
    expect(whyDistrust(broken, wallMs(Number.NaN))).toBe('jumped');
    expect(why(compared(broken, SYNCED, 2000), 2000)).toBeUndefined();
  });

  test('of any length, at any moment, is never believed without a new confirmation from the network', () => {
    const off = fc.oneof(fc.integer({ min: JUMP_MS + 1, max: 1e11 }), fc.integer({ min: -1e11, max: -JUMP_MS - 1 }));
    fc.assert(
      fc.property(off, fc.array(fc.integer({ min: 0, max: HOUR }), { minLength: 1, maxLength: 20 }), (by, pauses) => {
        let [trust, after] = [started(SYNCED), 0];
        for (const pause of pauses) {
          after += pause;
          trust = compared(trust, SYNCED, after, by);
          expect(why(trust, after, by)).toBe('jumped');
        }
      }),
    );
  });
});

test('slow correction, which moves both clocks alike, is no jump; nor is a leap second', () => {
  let trust = started(SYNCED);
  for (let after = 1000; after < HOUR; after += 60_000) trust = compared(trust, SYNCED, after, 1000);
  expect(why(trust, HOUR, 1000)).toBeUndefined();
});

test('each reason has its sentence', () => {
  for (const text of Object.values(DISTRUST_TEXT)) expect(text).toMatch(/^the clock /);
});
