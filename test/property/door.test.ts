import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Door, type DoorEvent, step } from '../../src/door/door.js';
import { DoorKeeper } from '../../src/door/door-keeper.js';
import { type BoltChange, SimulatedLock } from '../../src/door/simulated-lock.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';

const PULSE = 3000;
const events = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 5000 }),
    kind: fc.constantFrom('open', 'timer', 'io-error', 'stop' as const),
  }),
  { maxLength: 40 },
);
const eventAt = (kind: DoorEvent['kind'], ms: number): DoorEvent => {
  if (kind === 'io-error') return { kind, why: 'wire' };
  return kind === 'stop' ? { kind } : { kind, atMs: monotonicMs(ms) };
};

describe('whatever happens at the door', () => {
  test('the bolt is never drawn without its end being armed before, and never by a door out of order', () => {
    fc.assert(
      fc.property(events, (all) => {
        let door: Door = { state: 'locked' };
        let now = 0;
        for (const { wait, kind } of all) {
          now += wait;
          const before = door;
          const { door: after, effects } = step(door, eventAt(kind, now), { pulseMs: PULSE });
          const draws = effects.findIndex((effect) => effect.kind === 'drive' && effect.released);
          if (draws >= 0) {
            expect(kind).toBe('open');
            expect(before.state).not.toBe('fault');
            const armed = effects.slice(0, draws).find((effect) => effect.kind === 'arm');
            expect(armed?.afterMs).toBeLessThanOrEqual(PULSE);
            expect(after.state).toBe('unlocked');
          }
          if (after.state !== 'unlocked' && before.state === 'unlocked')
            expect(effects).toContainEqual({ kind: 'drive', released: false });
          door = after;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('the bolt is thrown one pulse after the last opening at the latest, and drawn only by an opening', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 8000 }), { maxLength: 20 }), (gaps) => {
        const clock = new ManualClock();
        const changes: BoltChange[] = [];
        const lock = new SimulatedLock(clock, (change) => changes.push(change));
        const door = new DoorKeeper(lock, clock, silentLog, { pulseMs: PULSE }, () => undefined);
        const opened: number[] = [];
        for (const gap of gaps) {
          clock.advance(gap);
          door.open();
          opened.push(clock.monotonic());
        }
        clock.advance(60_000);
        expect(lock.released).toBe(false);
        for (const { released, atMs } of changes) {
          if (released) expect(opened).toContain(atMs);
          else expect(opened).toContain(atMs - PULSE);
        }
      }),
    );
  });
});
