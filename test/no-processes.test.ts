// Each part of the gate that starts programs, on a machine that can start none: nothing may be thrown into the event loop, which would end
// the gate (vitest fails on it), and each goes on once processes can be started again.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readClockFacts } from '../src/clock-trust/clock-facts.js';
import { type GpiodGpio, probeGpiod } from '../src/door/gpio/gpiod-gpio.js';
import { openHardware } from '../src/door/hardware.js';
import { startDoor } from '../src/door/start-door.js';
import { EyeChild } from '../src/eye/child-process.js';
import { NOTHING_PENDING } from '../src/host/notify.js';
import { ProgramSender } from '../src/host/program-sender.js';
import { silentLog } from '../src/kit/log.js';
import { systemClock as clock } from '../src/kit/system-clock.js';
import { EspeakSpeaker } from '../src/voice/espeak-speaker.js';
import { given } from './config/given.js';
import { fakeToolsRig } from './door/gpio/gpio-rigs.js';
import { until } from './site/until.js';
import { SPAWN_FAILURES, withoutProcesses } from './support/no-processes.js';
import { Stage } from './voice/stage.js';

const IDLE = { high: false, held: false };

describe.each(SPAWN_FAILURES)('on a machine that can start no process, which Node tells %s', (how) => {
  let again: () => void = () => undefined;
  const noMore = () => {
    again = withoutProcesses(how);
  };
  beforeEach(() => {
    again = () => undefined;
  });
  afterEach(() => again());

  test('no process can be started indeed', async () => {
    noMore();
    expect(spawnSync('true').error).toBeDefined();
    const failed = await new Promise<boolean>((resolve) => {
      try {
        const child = spawn('true');
        // What the parts of the gate count on: whether it was started is known at once.
        expect([how, child.pid]).toEqual(['by an event', undefined]);
        child.once('error', () => resolve(true));
      } catch {
        resolve(how === 'by throwing');
      }
    });
    expect(failed).toBe(true);
  });

  test('the program systemd-notify fails, and that is all', async () => {
    noMore();
    const sender = new ProgramSender(process.env);
    await expect(sender.send({ ...NOTHING_PENDING, watchdog: true })).rejects.toThrow('spawn');
  });

  test('the machine says nothing about its clock', async () => {
    noMore();
    const sources = { syncFile: '/nonexistent/sync', rtcFolder: '/nonexistent/rtc', timedatectl: 'timedatectl' };
    const facts = await readClockFacts(clock, sources);
    expect(facts).toMatchObject({ synchronisedMs: undefined, rtcAgrees: false });
  });

  test('nobody is greeted, and greeted again later', async () => {
    const stage = new Stage();
    const warned: string[] = [];
    const log = { warn: (_: unknown, line: string) => void warned.push(line), info: () => undefined };
    const programs = { espeak: stage.espeak(), aplay: stage.aplay() };
    const make = (tools: typeof programs) =>
      new EspeakSpeaker({
        cacheFolder: stage.cacheFolder,
        device: null,
        volume: 100,
        log: log as unknown as typeof silentLog,
        programs: tools,
      });
    noMore();
    const mute = make({ espeak: 'espeak', aplay: 'aplay' });
    mute.say('Welcome', 'en');
    await until('it gave up', () => !mute.speaking);
    expect(warned).toEqual([expect.stringContaining('greetings are not heard')]);
    again();
    const speaker = make(programs);
    speaker.say('Welcome', 'en');
    await until('it is heard', () => stage.heard().length === 1);
    stage.clear();
  });

  test('an eye counts as one that has ended', async () => {
    const ends: string[] = [];
    const nothing = () => undefined;
    const events = {
      onMessage: nothing,
      onInvalid: nothing,
      onOutput: nothing,
      onExit: (why: string) => void ends.push(why),
    };
    // Its environment is made for it, so the arguments have to be too long.
    const sandbox =
      how === 'by an event' ? (['/nonexistent/bwrap'] as const) : (['/bin/true', 'x'.repeat(200 * 1024)] as const);
    const start = () => new EyeChild(events, '/nonexistent/eye.js', sandbox);
    if (how === 'by throwing') {
      // The supervisor takes it for the end of this eye: test/eye/supervisor.test.ts.
      expect(start).toThrow('spawn');
      return;
    }
    const eye = start();
    eye.send({ kind: 'snapshot', id: 1, marks: [], redact: false });
    await until('it has ended', () => ends.length === 1);
    expect(ends).toEqual([expect.stringContaining('it cannot be started')]);
    eye.kill();
  });

  test('the gpiod tools are not said to be missing where that is not the reason', async () => {
    const rig = await fakeToolsRig(2);
    onTestFinished(() => rig.close());
    noMore();
    const why = await probeGpiod({ clock, log: silentLog, runFolder: '/nonexistent', config: {} as never });
    expect(why).toContain(how === 'by throwing' ? 'gpioset cannot be started' : 'not installed');
  });

  test('a relay through gpiod is lost, is told again, and obeys as soon as it can', async () => {
    const rig = await fakeToolsRig(2);
    onTestFinished(() => rig.close());
    const faults: string[] = [];
    const output = await rig.gpio.output(rig.line(0), IDLE, (why) => faults.push(why));
    await until('it is idle', () => rig.held());
    noMore();
    output.write(true);
    await until('it is lost', () => faults.length === 1);
    expect([rig.held(), faults[0]]).toEqual([false, expect.stringContaining('spawn')]);
    output.write(true);
    await until('it is lost again', () => faults.length === 2);
    again();
    output.write(true);
    await until('it obeys', () => rig.wire(0) === true && rig.held());
    output.close();
    expect(rig.wire(0)).toBe(false);
  });

  test('a door that is released when a fire begins stays released, and is held for good once it can be', async () => {
    const rig = await fakeToolsRig(2);
    onTestFinished(() => rig.close());
    const faults: string[] = [];
    const output = await rig.gpio.output(rig.line(0), IDLE, (why) => faults.push(why));
    output.write(true);
    await until('it is released', () => rig.wire(0) === true && rig.held());
    const holder = rig.holder();
    noMore();
    expect(() => output.leaveAt({ high: true, held: true })).toThrow('no process can be started');
    output.write(true);
    expect([rig.holder(), rig.wire(0), faults]).toEqual([holder, true, []]);
    again();
    output.write(true);
    await until('it is driven on', () => rig.drivenOn(0));
    expect(rig.wire(0)).toBe(true);
    output.leaveAt(IDLE);
    output.close();
  });

  test('a door that stops in a fire is not let go of before its process ends', async () => {
    const rig = await fakeToolsRig(2);
    onTestFinished(() => rig.close());
    const output = await rig.gpio.output(rig.line(0), IDLE, () => undefined);
    output.write(true);
    await until('it is released', () => rig.wire(0) === true && rig.held());
    noMore();
    expect(() => output.leaveAt({ high: true, held: true })).toThrow('no process can be started');
    expect(() => output.close()).toThrow('no process can be started');
    expect([rig.held(), rig.wire(0)]).toEqual([true, true]);
    again();
    process.kill(rig.holder() as number, 'SIGKILL');
  });

  test('an input through gpiod is lost and comes back', async () => {
    const rig = await fakeToolsRig(2);
    onTestFinished(() => rig.close());
    const heard: unknown[] = [];
    rig.drive(1, false);
    const input = await rig.gpio.input(rig.line(1), 'up', {
      onLevel: (high) => heard.push(high),
      onFault: (why) => heard.push(why === null ? 'back' : 'lost'),
    });
    await until('its level is told', () => heard.length > 0);
    noMore();
    // It is read again one second after the start.
    await until('it is lost', () => heard.at(-1) === 'lost');
    again();
    rig.drive(1, true);
    await until('it is back', () => heard.at(-1) === true);
    expect(heard).toEqual([false, 'lost', 'back', true]);
    input.close();
  });

  test('the door through gpiod says so in the state, and tries again by itself: button and fire open it then', async () => {
    const rig = await fakeToolsRig(2);
    onTestFinished(() => rig.close());
    const { door, wires } = await doorOn(rig);
    noMore();
    door.keeper.open('open');
    await until('the relay is lost', () => door.keeper.state === 'fault');
    expect(door.problems()).toContain('the door relay cannot be driven');
    expect(door.keeper.open('open')).toBe(false);
    wires('fire', true);
    expect(door.problems()).toContain('fire: the door is released');
    again();
    await until('the relay obeys', () => rig.wire(0) === true && rig.held());
    wires('fire', false);
    await until('it is idle', () => rig.wire(0) === false);
    door.stop();
  });
});

/** The door's part of the gate on these lines: its relay alone is wired, and `wires` is what the inputs say. */
async function doorOn(rig: Awaited<ReturnType<typeof fakeToolsRig>>) {
  const relay = `relay: {line: {chip: ${rig.line(0).label}, offset: 0}}`;
  const { config } = given(`door: {kind: gpio, ${relay}}`);
  const backend = { name: 'gpiod', gpio: rig.gpio, chips: (rig.gpio as GpiodGpio).chips() };
  const hardware = await openHardware(config.door, {
    clock,
    log: silentLog,
    runFolder: join(rig.folder, 'run'),
    backend,
  });
  const door = startDoor({ hardware, rule: config.door, rexStuckMs: config.door.rexStuckMs, clock, log: silentLog });
  door.tell({
    onReport: () => undefined,
    passages: {
      contact: () => undefined,
      contactLost: () => undefined,
      contactBack: () => undefined,
      fire: () => undefined,
    },
    onChange: () => undefined,
  });
  return { door, wires: (name: 'fire', active: boolean) => door.keeper.input(name, active) };
}
