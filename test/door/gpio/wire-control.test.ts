import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { SimulatedGpio } from '../../../src/door/gpio/simulated-gpio.js';
import { obeyParent, type WireReport } from '../../../src/door/gpio/wire-control.js';

class Parent extends EventEmitter {
  connected = true;
  readonly reports: WireReport[] = [];
  readonly send = (message: WireReport) => this.reports.push(message);
}

async function wired() {
  const [gpio, parent, warn] = [new SimulatedGpio(), new Parent(), vi.fn()];
  obeyParent(gpio, parent, { warn });
  const relay = await gpio.output({ name: 'relay', chip: 'gpiochip0', offset: 17 } as never, {
    high: false,
    held: false,
  });
  return { gpio, parent, warn, relay };
}

test('the parent process moves inputs and receives the levels of outputs', async () => {
  const { gpio, parent, relay } = await wired();
  const levels: boolean[] = [];
  await gpio.input({ offset: 22 } as never, 'as-is', {
    onLevel: (high) => levels.push(high),
    onFault: () => undefined,
  });
  parent.emit('message', { kind: 'wire', offset: 22, high: true });
  relay.write(true);
  expect(levels).toEqual([false, true]);
  expect(parent.reports).toEqual([
    { kind: 'output', offset: 17, high: false },
    { kind: 'output', offset: 17, high: true },
  ]);
  parent.connected = false;
  relay.write(false);
  expect(parent.reports).toHaveLength(2);
});

test('a relay that the parent process has broken refuses every change', async () => {
  const { parent, relay } = await wired();
  parent.emit('message', { kind: 'break', offset: 17 });
  expect(() => relay.write(true)).toThrow('line 17 does not obey');
  expect(() => relay.write(false)).toThrow();
  expect(parent.reports.at(-1)).toEqual({ kind: 'broken', offset: 17 });
});

test.each([
  [null],
  ['open'],
  [{ kind: 'wire', offset: 64, high: true }],
  [{ kind: 'wire', offset: 22, high: true, more: 1 }],
])('a message that is not an order is logged and changes nothing: %j', async (message) => {
  const { gpio, parent, warn } = await wired();
  parent.emit('message', message);
  expect(warn).toHaveBeenCalledOnce();
  expect(gpio.level(22)).toBeUndefined();
});

test('without a parent process the gate listens to no messages', () => {
  const parent = new EventEmitter();
  obeyParent(new SimulatedGpio(), Object.assign(parent, { connected: false }), { warn: vi.fn() });
  expect(parent.listenerCount('message')).toBe(0);
});
