import { describe, expect, test, vi } from 'vitest';
import type { DoorHardware } from '../../src/door/hardware.js';
import { noIndicators } from '../../src/door/indicators.js';
import type { InputListener } from '../../src/door/inputs.js';
import { SimulatedLock } from '../../src/door/simulated-lock.js';
import { startDoor } from '../../src/door/start-door.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { RULE } from './given.js';

function house(hardware: Partial<DoorHardware> = {}, listening = true) {
  const clock = new ManualClock();
  const lock = new SimulatedLock(clock);
  const error = vi.fn();
  const passages: unknown[] = [];
  const wires: { listener?: InputListener } = {};
  const door = startDoor({
    hardware: {
      lock,
      indicators: noIndicators,
      inputs: {
        start(listener) {
          wires.listener = listener;
        },
        close: () => undefined,
      },
      what: 'test',
      fire: false,
      leaveFault: () => null,
      lampFaults: [],
      onRelayFault: () => undefined,
      close: () => undefined,
      ...hardware,
    },
    rule: RULE,
    rexStuckMs: 60_000,
    clock,
    log: { ...silentLog, error } as typeof silentLog,
  });
  const reports: unknown[] = [];
  const listen = () =>
    door.tell({
      onReport: ({ type }) => void reports.push(type),
      passages: {
        contact: (open, why) => void passages.push([open, why]),
        contactLost: () => void passages.push('lost'),
        contactBack: (open) => void passages.push(['back', open]),
        fire: (active) => void passages.push(['fire', active]),
      },
      onChange: () => undefined,
    });
  if (listening) listen();
  const wire = (name: 'contact' | 'fire' | 'rex', active: boolean) => wires.listener?.changed(name, active);
  const fault = (name: 'contact' | 'rex', why: string | null) => wires.listener?.fault(name, why);
  return { clock, lock, door, error, passages, reports, listen, wire, fault };
}

test('a line that does not close prevents neither locking nor stopping, and is logged', () => {
  const broken = (): never => {
    throw new Error('EIO');
  };
  const { lock, door, error } = house({
    inputs: { start: () => undefined, close: broken },
    indicators: { show: () => undefined, close: broken },
  });
  door.keeper.open();
  expect(lock.released).toBe(true);
  door.stop();
  door.stop();
  expect(lock.released).toBe(false);
  expect(error).toHaveBeenCalledWith({ why: 'EIO' }, 'a line of the door could not be closed');
});

test('a passage is reported with what released the door; the state found at the start is no passage', () => {
  const { clock, door, passages, wire } = house();
  wire('contact', false);
  door.keeper.open();
  wire('contact', true);
  wire('contact', false);
  clock.advance(10_000);
  wire('contact', true);
  expect(passages).toEqual([
    [false, 'forced'],
    [true, 'pulse'],
    [false, 'pulse'],
    [true, 'forced'],
  ]);
});

test('a contact that comes back says whether the door is open; a fire is reported once it has released the door', () => {
  const { lock, door, passages, wire, fault } = house();
  wire('contact', true);
  fault('contact', 'torn');
  fault('rex', 'torn');
  expect(door.problems()).toEqual(['the input contact is lost: torn', 'the input rex is lost: torn']);
  fault('contact', null);
  wire('fire', true);
  wire('fire', false);
  expect(passages.pop()).toEqual(['fire', false]);
  wire('fire', true);
  expect(passages.pop()).toEqual(['fire', true]);
  expect([passages, lock.released]).toEqual([[[true, 'forced'], 'lost', ['back', true], ['fire', true]], true]);
});

test('a button that is found pressed does not open, is a problem at once, and is stuck after a minute', () => {
  const { clock, lock, door, reports, wire, fault } = house();
  wire('rex', true);
  expect([lock.released, reports, door.problems()]).toEqual([false, [], [expect.stringContaining('found pressed')]]);
  clock.advance(60_000);
  expect([reports, door.problems()]).toEqual([['exit-stuck'], [expect.stringContaining('the exit button is stuck')]]);
  wire('rex', false);
  expect([lock.released, reports, door.problems()]).toEqual([false, ['exit-stuck', 'exit-stuck'], []]);
  wire('rex', true);
  expect(lock.released).toBe(true);
  wire('rex', false);
  clock.advance(RULE.pulseMs);
  fault('rex', 'torn');
  fault('rex', null);
  wire('rex', true);
  expect(lock.released).toBe(false);
  wire('rex', false);
  wire('rex', true);
  expect(lock.released).toBe(true);
});

test('a door that was left released in a fire stays so until the wire says that the fire is over', () => {
  const { lock, door, passages, reports, wire } = house({ fire: true });
  expect([door.keeper.state, door.problems()]).toEqual(['unlocked', ['fire: the door is released']]);
  wire('fire', true);
  expect([door.keeper.state, passages, reports]).toEqual(['unlocked', [['fire', true]], []]);
  wire('fire', false);
  expect([door.keeper.state, lock.released, reports]).toEqual(['locked', false, ['fire', 'door']]);
});

test('a stop in a fire leaves the door released; a level that cannot be recorded is a problem', () => {
  const { lock, door, wire } = house();
  wire('fire', true);
  door.stop();
  expect([lock.released, door.keeper.state]).toEqual([true, 'stopped']);
  const full = house();
  full.lock.leaveAt = () => {
    throw new Error('ENOSPC');
  };
  full.wire('fire', true);
  expect([full.lock.released, full.door.problems()]).toEqual([
    true,
    ['fire: the door is released', 'if this process were killed now, the door would not be left as it must be: ENOSPC'],
  ]);
});

describe('before anybody listens', () => {
  test('button and fire release the door, and both are told afterwards in their order', () => {
    const { clock, lock, passages, reports, listen, wire } = house({}, false);
    for (const name of ['rex', 'fire', 'contact'] as const) wire(name, false);
    wire('rex', true);
    expect(lock.released).toBe(true);
    clock.advance(RULE.pulseMs);
    expect(lock.released).toBe(false);
    wire('fire', true);
    wire('contact', true);
    expect([lock.released, passages, reports]).toEqual([true, [], []]);
    listen();
    expect(reports).toEqual(['exit', 'door', 'door', 'fire', 'door', 'door']);
    expect(passages).toEqual([
      ['fire', false],
      [false, 'forced'],
      ['fire', true],
      [true, 'free'],
    ]);
    wire('fire', false);
    expect([passages.at(-1), reports.at(-1)]).toEqual([['fire', false], 'fire']);
  });

  test('a contact that flutters for ever is told up to a bound, and what was lost is logged', () => {
    const { error, passages, listen, wire } = house({}, false);
    for (let n = 0; n < 5000; n++) wire('contact', n % 2 === 0);
    listen();
    expect(passages.length).toBeLessThan(1000);
    expect(error).toHaveBeenCalledWith({ lost: expect.any(Number) }, expect.stringContaining('not in the journal'));
  });
});
