import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DOOR_AT_START, type DoorReport, type DoorRule } from '../../src/door/door.js';
import { DoorKeeper } from '../../src/door/door-keeper.js';
import { type BoltChange, SimulatedLock } from '../../src/door/simulated-lock.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { RULE } from '../door/given.js';
import { HAPPENINGS, RULES, run } from '../door/invariants.js';

const sequences = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 25_000 }), happening: fc.constantFrom(...HAPPENINGS) }),
  { maxLength: 40 },
);
const PULSE = RULE.pulseMs;

describe('whatever happens at the door', () => {
  test('no rule of the door is ever broken: released for a pulse, open house or fire, all of that time and no longer; forced and held are alarms', () => {
    fc.assert(
      fc.property(sequences, fc.constantFrom(...RULES), (sequence, rule) => {
        expect(run(sequence, rule)).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  test('the bolt is locked one pulse after the last opening at the latest, and released only by an opening', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 8000 }), { maxLength: 20 }), (gaps) => {
        const clock = new ManualClock();
        const changes: BoltChange[] = [];
        const lock = new SimulatedLock(clock, (change) => changes.push(change));
        const door = new DoorKeeper(lock, clock, silentLog, RULE, () => undefined);
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

  test('every change of the door is reported once, and none that did not last', () => {
    const rule: DoorRule = { ...RULE, relockOnClose: false };
    fc.assert(
      fc.property(sequences, fc.array(fc.boolean(), { maxLength: 8 }), (sequence, failures) => {
        const clock = new ManualClock();
        let drive = 0;
        const lock = {
          drive: () => {
            if (failures[drive++] === true) throw new Error('EIO');
          },
          leaveAt: () => undefined,
          close: () => undefined,
        };
        const states: string[] = ['locked'];
        const onReport = (report: DoorReport) => void (report.type === 'door' && states.push(report.state));
        const door = new DoorKeeper(lock, clock, silentLog, rule, onReport);
        for (const { afterMs, happening } of sequence) {
          clock.advance(afterMs);
          if (happening.kind === 'grant' || happening.kind === 'open') door.open(happening.kind);
          else if (happening.kind === 'mode') door.setMode(happening.mode);
          else if (happening.kind === 'lock') door.lock();
          else if (happening.kind === 'rex') door.input('rex', true);
          else if (happening.kind === 'contact') door.input('contact', happening.open);
          else if (happening.kind === 'tamper' || happening.kind === 'fire')
            door.input(happening.kind, happening.active);
          else if (happening.kind === 'io-error') door.fault(happening.why);
          else if (happening.kind === 'stop') door.stop();
          expect(states.at(-1)).toBe(door.state);
        }
        for (const [i, state] of states.entries()) if (i > 0) expect(state).not.toBe(states[i - 1]);
      }),
      { numRuns: 500 },
    );
    expect(DOOR_AT_START.mode).toBe('normal');
  });
});
