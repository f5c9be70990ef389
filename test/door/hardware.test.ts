import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { DoorKeeper } from '../../src/door/door-keeper.js';
import type { GpioLine, InputLineListener, OutputLine, Pull } from '../../src/door/gpio/gpio.js';
import { GpioLock, relayHigh, restOf } from '../../src/door/gpio/gpio-lock.js';
import { OnoffGpio, sysfsChips } from '../../src/door/gpio/onoff-gpio.js';
import { SimulatedGpio } from '../../src/door/gpio/simulated-gpio.js';
import { openHardware } from '../../src/door/hardware.js';
import { startDoor } from '../../src/door/start-door.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { given } from '../config/given.js';
import { lockContract } from '../contract/lock.contract.js';
import { checkout, run, tree } from '../scripts/tree.js';
import { noOnoff, onoffBelow, sysfsTree } from './gpio/gpio-rigs.js';

const LINES = 'relay: {line: 17}, rex: {line: 22}, contact: {line: 23}, fire: {line: 24}, tamper: {line: 25}';
const LAMPS = 'greenLed: {line: 5}, redLed: {line: 6, activeLow: true}, buzzer: {line: 13}';
const doorOf = (more = ''): Config['door'] => given(`door: {kind: gpio, ${LINES}, ${LAMPS}${more}}`).config.door;
const LINE = { chip: 'gpiochip0', label: 'pinctrl-bcm2835', number: null };
const folder = (): string => mkdtempSync(join(tmpdir(), 'kaimon-door-'));

async function doorOnLines(config = doorOf()) {
  const clock = new ManualClock();
  const gpio = new SimulatedGpio();
  // At rest: exit button up, the other wires closed.
  for (const [offset, high] of [
    [22, true],
    [23, false],
    [24, false],
    [25, false],
  ] as const)
    gpio.set(offset, high);
  const runFolder = folder();
  const backend = { name: 'simulated', gpio, chips: gpio.chips() };
  const hardware = await openHardware(config, { clock, log: silentLog, runFolder, backend });
  const states: string[] = [];
  const keeper = new DoorKeeper(
    hardware.lock,
    clock,
    silentLog,
    config,
    (report) => states.push(report.type === 'door' ? report.state : report.type),
    hardware.indicators,
  );
  hardware.inputs.start({
    changed: (name, active) => keeper.input(name, active),
    fault: (name, why) => states.push(`${name}: ${why}`),
  });
  clock.advance(1000);
  return { clock, gpio, hardware, keeper, states, runFolder };
}

lockContract('on a line', () => {
  const config = { lockType: 'fail-safe', relay: { line: 17, activeLow: true } } as const;
  let [high, closed, rest] = [relayHigh(config, false), false, restOf(config, false)];
  const line: OutputLine = {
    write(level) {
      if (closed) throw new Error('closed');
      high = level;
    },
    leaveAt(next) {
      rest = next;
    },
    close() {
      if (!closed) high = rest.high;
      closed = true;
    },
  };
  return { lock: new GpioLock(line, config, () => undefined), released: () => high === relayHigh(config, true) };
});

describe('the pulls of the inputs', () => {
  test.each([true, false])(
    'a back end that sets pulls (%s) is asked for those that make a cut wire safe',
    async (sets) => {
      const gpio = new SimulatedGpio();
      const asked = new Map<number, Pull>();
      const input = gpio.input.bind(gpio);
      const only = Object.assign(Object.create(gpio) as SimulatedGpio, {
        setsPulls: sets,
        output: gpio.output.bind(gpio),
        record: () => [],
        input: (line: GpioLine, pull: Pull, listener: InputLineListener) => {
          asked.set(line.offset, pull);
          return input(line, pull, listener);
        },
      });
      const backend = { name: 'test', gpio: only, chips: gpio.chips() };
      const wires =
        'relay: {line: 17}, rex: {line: 22}, fire: {line: 24, activeLevel: low}, contact: {line: 23, pull: as-is}';
      const config = given(`door: {kind: gpio, ${wires}}`).config.door;
      await openHardware(config, { clock: new ManualClock(), log: silentLog, runFolder: folder(), backend });
      expect(Object.fromEntries(asked)).toEqual({
        22: sets ? 'up' : 'as-is',
        24: sets ? 'down' : 'as-is',
        23: 'as-is',
      });
    },
  );
});

test('an input that comes back says what it is, also when that has not changed', async () => {
  const { gpio, hardware, clock } = await doorOnLines();
  hardware.inputs.close();
  const again = await doorOnLines();
  again.gpio.setFault(22, 'EIO');
  again.gpio.setFault(22, null);
  again.clock.advance(1000);
  again.gpio.set(22, false);
  again.clock.advance(1000);
  expect(again.states).toEqual(['rex: EIO', 'rex: null', 'exit', 'unlocked']);
  expect([gpio.level(17), clock.wall()]).toEqual([false, clock.wall()]);
});

describe('a line that cannot be opened', () => {
  /** Another program has these lines. */
  const taken = async (...offsets: number[]) => {
    const gpio = new SimulatedGpio();
    const free = await Promise.all(
      offsets.map((offset) => gpio.output({ ...LINE, offset }, { high: false, held: false })),
    );
    return { gpio, free: () => free.forEach((line) => void line.close()) };
  };
  const doorWith = async (gpio: SimulatedGpio) => {
    const clock = new ManualClock();
    for (const offset of [22, 23, 24, 25]) gpio.set(offset, offset === 22);
    const backend = { name: 'simulated', gpio, chips: gpio.chips() };
    const hardware = await openHardware(doorOf(), { clock, log: silentLog, runFolder: folder(), backend });
    const door = startDoor({ hardware, rule: doorOf(), rexStuckMs: 0, clock, log: silentLog });
    clock.advance(100);
    return { clock, door, hardware };
  };

  test('of a lamp costs the lamp: button, fire alarm and relay work, and the state says so', async () => {
    const { gpio } = await taken(5, 13);
    const { clock, door } = await doorWith(gpio);
    expect(door.problems()).toEqual([
      expect.stringMatching(/^greenLed does not work until the gate is started again: .*in use/),
      expect.stringMatching(/^buzzer does not work until the gate is started again: .*in use/),
    ]);
    gpio.set(22, false);
    clock.advance(100);
    expect(gpio.level(17)).toBe(true);
    clock.advance(10_000);
    gpio.set(24, true);
    clock.advance(100);
    expect([door.keeper.door.fire, gpio.level(17), gpio.level(6)]).toEqual([true, true, true]);
  });

  test('of an input counts as lost until it can be opened, and the others work', async () => {
    const { gpio, free } = await taken(24);
    const { clock, door, hardware } = await doorWith(gpio);
    expect(door.problems()).toEqual([expect.stringMatching(/^the input fire is lost: .*in use/)]);
    gpio.set(22, false);
    clock.advance(100);
    expect(gpio.level(17)).toBe(true);
    clock.advance(10_000);
    free();
    gpio.set(24, true);
    await vi.waitFor(() => {
      clock.advance(1000);
      expect(door.problems()).not.toContainEqual(expect.stringMatching(/lost/));
    });
    clock.advance(100);
    expect([door.keeper.door.fire, gpio.level(17)]).toEqual([true, true]);
    door.stop();
    hardware.close();
    for (const offset of [17, 24]) await gpio.output({ ...LINE, offset }, { high: false, held: false });
  });

  test('and is tried while everything is closed is left free', async () => {
    const { gpio, free } = await taken(24);
    const { clock, door, hardware } = await doorWith(gpio);
    free();
    clock.advance(1000);
    door.stop();
    hardware.close();
    await new Promise((resolve) => setImmediate(resolve));
    await gpio.output({ ...LINE, offset: 24 }, { high: false, held: false });
  });
});

describe('a gate whose start fails', () => {
  test('leaves every line closed, and the relay at its safe level', async () => {
    const { gpio, hardware } = await doorOnLines();
    hardware.lock.drive(true);
    expect(gpio.level(17)).toBe(true);
    hardware.close();
    expect(gpio.level(17)).toBe(false);
    // A line that is still open would be in use.
    for (const offset of [17, 22, 23, 24, 25, 5, 6, 13])
      await gpio.output({ ...LINE, offset }, { high: false, held: false });
  });

  test('reports a line that does not close, and closes the others', async () => {
    const gpio = new SimulatedGpio();
    const input = gpio.input.bind(gpio);
    gpio.input = async (line, ...more) => {
      const opened = await input(line, ...more);
      const close = () => {
        opened.close();
        throw new Error(`EIO at ${line.offset}`);
      };
      return line.offset === 23 ? { close } : opened;
    };
    const backend = { name: 'simulated', gpio, chips: gpio.chips() };
    const parts = { clock: new ManualClock(), log: silentLog, runFolder: folder(), backend };
    const { inputs } = await openHardware(doorOf(), parts);
    expect(() => inputs.close()).toThrow('EIO at 23');
    for (const offset of [22, 23, 24, 25]) await gpio.output({ ...LINE, offset }, { high: false, held: false });
  });
});

test.skipIf(noOnoff)(
  'a relay that does not let go is reported at the first close, and left alone at the second',
  async () => {
    const root = sysfsTree();
    const clock = new ManualClock();
    class Dead extends onoffBelow(root) {
      override writeSync(): never {
        throw new Error('EIO');
      }
    }
    const backend = { name: 'onoff', gpio: new OnoffGpio(Dead, clock, root), chips: sysfsChips(root) };
    const config = given('door: {kind: gpio, relay: {line: {chip: gate-gpio, offset: 2}}}').config.door;
    const hardware = await openHardware(config, { clock, log: silentLog, runFolder: folder(), backend });
    expect(() => hardware.lock.close()).toThrow('EIO');
    expect(() => hardware.close()).not.toThrow();
  },
);

describe('the door on GPIO lines', () => {
  test.each([
    ['fail-secure', false, false],
    ['fail-secure', true, true],
    ['fail-safe', false, true],
    ['fail-safe', true, false],
  ] as const)('a %s lock with relay.activeLow %s; its safe level is high: %s', (lockType, activeLow, high) => {
    const config = { lockType, relay: { line: 17, activeLow } };
    expect([relayHigh(config, false), relayHigh(config, true)]).toEqual([high, !high]);
  });

  test.each(['fail-secure', 'fail-safe'] as const)(
    'the relay of a %s lock starts at its safe level, is released for a pulse, and is left at its safe level',
    async (lockType) => {
      const { gpio, keeper, clock } = await doorOnLines(doorOf(`, lockType: ${lockType}`));
      const safe = lockType === 'fail-safe';
      expect(gpio.level(17)).toBe(safe);
      keeper.open();
      expect(gpio.level(17)).toBe(!safe);
      clock.advance(3000);
      expect(gpio.level(17)).toBe(safe);
      keeper.open();
      keeper.stop();
      expect(gpio.level(17)).toBe(safe);
    },
  );

  test('exit button, door contact, tamper contact and fire alarm move the door as they should', async () => {
    const { gpio, clock, states, keeper } = await doorOnLines();
    expect([states, keeper.state]).toEqual([[], 'locked']);
    gpio.set(22, false);
    clock.advance(30);
    expect([keeper.state, gpio.level(17)]).toEqual(['unlocked', true]);
    gpio.set(23, true);
    clock.advance(30);
    expect(keeper.state).toBe('open');
    gpio.set(23, false);
    gpio.set(22, true);
    clock.advance(5000);
    expect([keeper.state, gpio.level(17)]).toEqual(['locked', false]);
    gpio.set(25, true);
    clock.advance(30);
    gpio.set(24, true);
    clock.advance(30);
    expect([keeper.state, gpio.level(17)]).toEqual(['unlocked', true]);
    gpio.set(24, false);
    clock.advance(30);
    expect(keeper.state).toBe('locked');
    expect(states).toEqual([
      'exit',
      'unlocked',
      'open',
      'unlocked',
      'locked',
      'tamper',
      'fire',
      'unlocked',
      'fire',
      'locked',
    ]);
  });

  test('a bouncing contact counts once, a spike not at all', async () => {
    const { gpio, clock, states } = await doorOnLines();
    gpio.set(22, false);
    clock.advance(29);
    gpio.set(22, true);
    clock.advance(5000);
    expect(states).toEqual([]);
    for (let i = 0; i < 10; i++) {
      gpio.set(22, i % 2 === 1);
      clock.advance(5);
    }
    gpio.set(22, false);
    clock.advance(100);
    expect(states).toEqual(['exit', 'unlocked']);
  });

  test('an exit button that stays pressed releases the door for one pulse only', async () => {
    const { gpio, clock, keeper } = await doorOnLines();
    gpio.set(22, false);
    clock.advance(60_000);
    expect([keeper.state, gpio.level(17)]).toEqual(['locked', false]);
  });

  test('lamps and buzzer show the state of the door, and are off at the end', async () => {
    const { gpio, clock, keeper } = await doorOnLines();
    const lamps = () => ({ green: gpio.level(5), red: gpio.level(6) === false, buzzer: gpio.level(13) });
    expect(lamps()).toEqual({ green: false, red: true, buzzer: false });
    keeper.open();
    expect(lamps()).toEqual({ green: true, red: false, buzzer: false });
    clock.advance(10_000);
    gpio.set(23, true);
    clock.advance(30);
    expect([keeper.state, lamps()]).toEqual(['forced', { green: false, red: true, buzzer: true }]);
    keeper.stop();
    expect(lamps()).toEqual({ green: false, red: false, buzzer: false });
  });

  test('the buzzer beeps before the alarm, and sounds without pause during it', async () => {
    const { gpio, clock, keeper } = await doorOnLines();
    keeper.open();
    clock.advance(100);
    gpio.set(23, true);
    clock.advance(30);
    const buzzes = (ms: number) => {
      clock.advance(ms);
      return gpio.level(13);
    };
    expect(buzzes(19_999)).toBe(false);
    expect([buzzes(1), buzzes(500), buzzes(500), buzzes(500)]).toEqual([true, false, true, false]);
    expect([buzzes(8500), buzzes(500), buzzes(500)]).toEqual([true, true, true]);
    keeper.stop();
    expect([buzzes(500), buzzes(500)]).toEqual([false, false]);
  });

  test('a broken wire is reported, and reported again once it is mended', async () => {
    const { gpio, states } = await doorOnLines();
    gpio.setFault(24, 'EIO');
    gpio.setFault(24, null);
    expect(states).toEqual(['fire: EIO', 'fire: null']);
  });

  test('two uses of one line, and a line that does not exist, are refused, and no line stays open', async () => {
    const gpio = new SimulatedGpio();
    const parts = {
      clock: new ManualClock(),
      log: silentLog,
      runFolder: folder(),
      backend: { name: 'simulated', gpio, chips: gpio.chips() },
    };
    // The configuration compares numbers with numbers; only here it is known that both names mean one line.
    const twice = given('door: {kind: gpio, relay: {line: 17}, rex: {line: {chip: gpiochip0, offset: 17}}}').config
      .door;
    await expect(openHardware(twice, parts)).rejects.toMatchObject({ code: 'KAIMON_GPIO_LINE' });
    const beyond = given('door: {kind: gpio, relay: {line: 99}}').config.door;
    await expect(openHardware(beyond, parts)).rejects.toMatchObject({ code: 'KAIMON_GPIO_LINE' });
    await expect(openHardware(doorOf(), parts)).resolves.toMatchObject({ what: 'simulated' });
    // The lines are open already, so the relay's line is in use.
    await expect(openHardware(doorOf(), parts)).rejects.toThrow('in use');
  });
});

describe('the record for safe-state.sh', () => {
  const relayOnly = (lockType: string) =>
    given(`door: {kind: gpio, lockType: ${lockType}, relay: {line: {chip: gate-gpio, offset: 2}}}`).config.door;

  test.skipIf(noOnoff).each([
    ['fail-secure', 'low'],
    ['fail-safe', 'high'],
  ])('names line and safe level of a %s lock before the relay moves', async (lockType, level) => {
    const root = sysfsTree();
    const clock = new ManualClock();
    const backend = { name: 'onoff', gpio: new OnoffGpio(onoffBelow(root), clock, root), chips: sysfsChips(root) };
    const runFolder = join(folder(), 'run');
    const { lock } = await openHardware(relayOnly(lockType), { clock, log: silentLog, runFolder, backend });
    const record = readFileSync(join(runFolder, 'door-line'), 'utf8').split('\n').slice(1);
    expect(record).toEqual([`path=${root}/gpio514/direction`, `value=${level}`, '']);
    lock.close();
    expect(existsSync(join(runFolder, 'door-line'))).toBe(true);
  });

  test.skipIf(noOnoff).each(['fail-secure', 'fail-safe'] as const)(
    'of a %s lock says released while there is fire, is followed by safe-state.sh, and the next daemon opens the relay so',
    async (lockType) => {
      const root = tree({});
      const sysfs = sysfsTree(join(root, 'sys/class/gpio'));
      const clock = new ManualClock();
      const directions: string[] = [];
      class Watched extends onoffBelow(sysfs) {
        constructor(...args: ConstructorParameters<ReturnType<typeof onoffBelow>>) {
          super(...args);
          if (args[0] === 514) directions.push(String(args[1]));
        }
      }
      const fire = { chip: 'gate-gpio', offset: 1 };
      const config = given(
        `door: {kind: gpio, lockType: ${lockType}, relay: {line: {chip: gate-gpio, offset: 2}}, fire: {line: ${JSON.stringify(fire)}}}`,
      ).config.door;
      const runFolder = join(root, 'run');
      const start = async () => {
        const backend = { name: 'onoff', gpio: new OnoffGpio(Watched, clock, sysfs), chips: sysfsChips(sysfs) };
        const hardware = await openHardware(config, { clock, log: silentLog, runFolder, backend });
        const nothing = () => undefined;
        const door = startDoor({ hardware, rule: config, rexStuckMs: 0, clock, log: silentLog });
        const passages = { contact: nothing, contactLost: nothing, contactBack: nothing, fire: nothing };
        door.tell({ onReport: nothing, passages, onChange: nothing });
        return door;
      };
      const read = (file: string) => readFileSync(join(sysfs, 'gpio514', file), 'utf8').trim();
      const safeState = () => {
        const record = readFileSync(join(runFolder, 'door-line'), 'utf8');
        writeFileSync(join(runFolder, 'for-script'), record.replaceAll(`path=${root}`, 'path='));
        const { code, err } = run(join(checkout, 'systemd/safe-state.sh'), ['--root', root, '/run/for-script']);
        return [code, err.trim(), read('direction')];
      };
      const [idle, released] = lockType === 'fail-secure' ? ['low', 'high'] : ['high', 'low'];
      const wire = (high: boolean) => {
        writeFileSync(join(sysfs, 'gpio513', 'value'), high ? '1' : '0');
        clock.advance(1000);
      };
      const first = await start();
      wire(false);
      expect(safeState()).toEqual([0, expect.stringContaining('relay idle'), idle]);
      wire(true);
      expect([first.keeper.state, read('value')]).toEqual(['unlocked', released === 'high' ? '1' : '0']);
      // Killed: nobody closes anything.
      expect(safeState()).toEqual([0, expect.stringContaining(`relay released: ${released}`), released]);
      const second = await start();
      expect([directions, second.keeper.state]).toEqual([[idle, released], 'unlocked']);
      wire(true);
      second.stop();
      expect([read('value'), safeState()[0], read('direction')]).toEqual([
        released === 'high' ? '1' : '0',
        0,
        released,
      ]);
      const third = await start();
      wire(true);
      wire(false);
      expect([directions.slice(1), third.keeper.state]).toEqual([[released, released], 'locked']);
      expect(read('value')).toBe(idle === 'high' ? '1' : '0');
      third.stop();
      expect(safeState()).toEqual([0, expect.stringContaining('relay idle'), idle]);
    },
  );

  test('a record of fire counts only for the same lines, and only where a wire can end the fire', async () => {
    const runFolder = folder();
    const gpio = Object.assign(new SimulatedGpio(), { record: (_line: GpioLine, high: boolean) => [`level=${high}`] });
    const backend = { name: 'test', gpio, chips: gpio.chips() };
    const open = async (wires: string) => {
      const config = given(`door: {kind: gpio, relay: {line: 17}${wires}}`).config.door;
      const hardware = await openHardware(config, { clock: new ManualClock(), log: silentLog, runFolder, backend });
      hardware.close();
      return hardware;
    };
    const burning = await open(', fire: {line: 24}');
    burning.lock.leaveAt(true);
    expect((await open('')).fire).toBe(false);
    burning.lock.leaveAt(true);
    expect((await open(', lockType: fail-safe, fire: {line: 24}')).fire).toBe(false);
    burning.lock.leaveAt(true);
    expect((await open(', fire: {line: 24}')).fire).toBe(true);
    expect(gpio.level(17)).toBe(true);
  });

  test('a simulated door leaves no record, and removes an old one', async () => {
    const runFolder = folder();
    writeFileSync(join(runFolder, 'door-line'), 'path=/sys/class/gpio/gpio529/direction\nvalue=low\n');
    await openHardware(given('').config.door, { clock: new ManualClock(), log: silentLog, runFolder });
    expect(existsSync(join(runFolder, 'door-line'))).toBe(false);
  });

  test.each([
    ['gpio', 'door: {kind: gpio, relay: {line: 17}}'],
    ['simulated', ''],
  ])('a %s door whose run folder cannot be made is at work, says so, and records once it can', async (kind, text) => {
    const clock = new ManualClock();
    const gpio = Object.assign(new SimulatedGpio(), { record: (_line: GpioLine, high: boolean) => [`level=${high}`] });
    const backend = { name: 'test', gpio, chips: gpio.chips() };
    const runFolder = join(folder(), 'run');
    // Whatever root may write: this is no folder.
    writeFileSync(runFolder, '');
    const { door: config } = given(text).config;
    const hardware = await openHardware(config, { clock, log: silentLog, runFolder, backend });
    const door = startDoor({ hardware, rule: config, rexStuckMs: 0, clock, log: silentLog });
    expect(door.keeper.open()).toBe(true);
    expect(door.problems()).toEqual([
      expect.stringMatching(
        /^if this process were killed now, .*: the door's line cannot be recorded in .*\/door-line/,
      ),
    ]);
    rmSync(runFolder);
    clock.advance(60_000);
    expect(door.problems()).toEqual([]);
    expect(existsSync(join(runFolder, 'door-line'))).toBe(kind === 'gpio');
    door.stop();
    hardware.close();
  });

  test('a record that cannot be written anew and is right already is no problem', async () => {
    const runFolder = folder();
    const gpio = Object.assign(new SimulatedGpio(), { record: (_line: GpioLine, high: boolean) => [`level=${high}`] });
    const backend = { name: 'test', gpio, chips: gpio.chips() };
    const config = given('door: {kind: gpio, relay: {line: 17}}').config.door;
    const parts = { clock: new ManualClock(), log: silentLog, runFolder, backend };
    (await openHardware(config, parts)).close();
    // Nothing can be written beside it.
    mkdirSync(join(runFolder, 'door-line.new'));
    const hardware = await openHardware(config, parts);
    expect(hardware.leaveFault()).toBeNull();
    hardware.lock.leaveAt(true);
    expect(hardware.leaveFault()).toMatch(/door-line/);
    hardware.close();
  });
});
