import { describe, expect, test } from 'vitest';
import type { DoorReport, DoorState } from '../../src/door/door.js';
import { DoorKeeper } from '../../src/door/door-keeper.js';
import type { Lock } from '../../src/door/lock.js';
import { type BoltChange, SimulatedLock } from '../../src/door/simulated-lock.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { lockContract } from '../contract/lock.contract.js';
import { RULE } from './given.js';

lockContract('simulated', () => {
  const lock = new SimulatedLock(new ManualClock());
  return { lock, released: () => lock.released };
});

function house(make: (clock: ManualClock, changes: BoltChange[]) => Lock) {
  const clock = new ManualClock();
  const changes: BoltChange[] = [];
  const states: DoorState[] = [];
  const reports: DoorReport[] = [];
  const lock = make(clock, changes);
  const door = new DoorKeeper(lock, clock, silentLog, RULE, (report) => {
    reports.push(report);
    if (report.type === 'door') states.push(report.state);
  });
  return { clock, changes, states, reports, door, lock };
}

const simulated = () => house((clock, changes) => new SimulatedLock(clock, (change) => changes.push(change)));

/** A relay whose wire breaks: `broken` says which commands fail. */
class BreakingLock implements Lock {
  released = false;
  closed = false;
  readonly commands: boolean[] = [];
  readonly #broken: (released: boolean) => boolean;

  constructor(broken: (released: boolean) => boolean) {
    this.#broken = broken;
  }

  drive(released: boolean): void {
    this.commands.push(released);
    if (this.#broken(released)) throw new Error('EIO');
    this.released = released;
  }

  leaveAt(): void {
    // Left as it is.
  }

  close(): void {
    this.closed = true;
  }
}

describe('the keeper of the door', () => {
  test('releases the bolt for one pulse', () => {
    const { clock, changes, states, door } = simulated();
    expect(door.open()).toBe(true);
    clock.advance(10_000);
    expect(changes).toEqual([
      { released: true, atMs: 0 },
      { released: false, atMs: 3000 },
    ]);
    expect(states).toEqual(['unlocked', 'locked']);
  });

  test('a second person within the pulse has a whole pulse too', () => {
    const { clock, changes, states, door } = simulated();
    door.open();
    clock.advance(2000);
    door.open();
    clock.advance(10_000);
    expect(changes.map(({ atMs }) => atMs)).toEqual([0, 5000]);
    expect(states).toEqual(['unlocked', 'locked']);
  });

  test('stopping within a pulse locks the door and frees the lock', () => {
    const { clock, changes, door } = simulated();
    door.open();
    clock.advance(1000);
    door.stop();
    expect(changes.at(-1)).toEqual({ released: false, atMs: 1000 });
    clock.advance(10_000);
    expect(changes).toHaveLength(2);
  });

  test('stopped twice, it reports nothing more and does not touch the lock again', () => {
    const { door, lock, states } = house(() => new BreakingLock(() => false));
    door.stop();
    const { commands } = lock as BreakingLock;
    const before = commands.length;
    door.stop();
    expect([commands.length, states]).toEqual([before, ['stopped']]);
  });

  test('stopped, it does not open any more', () => {
    const { clock, changes, door } = simulated();
    door.stop();
    expect(door.open()).toBe(false);
    clock.advance(10_000);
    expect(changes).toEqual([]);
  });

  test('a relay that does not release: the door is out of order, the relay is driven to lock, and the fault is reported', () => {
    const lock = new BreakingLock((released) => released);
    const { door, states } = house(() => lock);
    expect(door.open()).toBe(false);
    expect([door.state, states, lock.commands]).toEqual(['fault', ['fault'], [true, false]]);
    expect(door.open()).toBe(false);
    expect(lock.commands).toEqual([true, false]);
  });

  test('a relay that does not lock is driven again and again, and never released again', () => {
    const lock = new BreakingLock((released) => !released);
    const { clock, door, states } = house(() => lock);
    door.open();
    clock.advance(3000);
    expect([door.state, states]).toEqual(['fault', ['unlocked', 'fault']]);
    expect(lock.commands).toEqual([true, false, false]);
    expect(door.open()).toBe(false);
    clock.advance(60_000);
    expect(lock.commands.filter((released) => released)).toEqual([true]);
    expect(lock.commands.length).toBeGreaterThanOrEqual(100);
  });

  test('a relay that breaks altogether does not take the gate with it', () => {
    const lock = new BreakingLock(() => true);
    const { clock, door } = house(() => lock);
    expect(door.open()).toBe(false);
    clock.advance(10_000);
    door.stop();
    expect(lock.closed).toBe(true);
  });

  test('a relay that obeys again locks within half a second', () => {
    let broken = false;
    const lock = new BreakingLock((released) => !released && broken);
    const { clock, door } = house(() => lock);
    door.open();
    broken = true;
    clock.advance(4000);
    expect(lock.released).toBe(true);
    broken = false;
    clock.advance(500);
    expect([lock.released, door.state]).toEqual([false, 'fault']);
  });

  test('a relay whose wire came back stays out of order until the restart', () => {
    let broken = true;
    const lock = new BreakingLock(() => broken);
    const { door } = house(() => lock);
    door.open();
    broken = false;
    expect(door.open()).toBe(false);
    expect(lock.released).toBe(false);
  });

  test('a fire is reported although the relay fails, and the relay is driven again to release', () => {
    const lock = new BreakingLock((released) => released);
    const { door, reports, clock } = house(() => lock);
    door.input('fire', true);
    expect(reports).toEqual([
      { type: 'fire', active: true },
      { type: 'door', state: 'fault', mode: 'normal', cause: 'io-error', token: null },
    ]);
    clock.advance(1000);
    expect(lock.commands).toEqual([true, true, true, true]);
  });

  test('a relay that fails between two commands puts the door out of order at once', () => {
    const { door, changes, states } = simulated();
    door.open();
    door.fault('gpioset ended');
    door.fault('gpioset ended again');
    expect([door.state, states, changes.at(-1)?.released]).toEqual(['fault', ['unlocked', 'fault'], false]);
  });

  test('lamps that cannot be driven do not keep the door shut', () => {
    const clock = new ManualClock();
    const lock = new SimulatedLock(clock);
    const dark = {
      show: () => {
        throw new Error('EIO');
      },
      close: () => {
        throw new Error('EIO');
      },
    };
    const door = new DoorKeeper(lock, clock, silentLog, RULE, () => undefined, dark);
    expect([door.open(), lock.released]).toEqual([true, true]);
    door.stop();
    expect(lock.released).toBe(false);
  });

  test('locked by its mode it opens only for people who leave, and says why', () => {
    const { door, changes } = simulated();
    door.setMode('locked');
    expect([door.open(), door.open('open'), door.shut]).toEqual([false, false, 'door-mode']);
    door.input('rex', true);
    expect(changes).toEqual([{ released: true, atMs: 0 }]);
  });
});
