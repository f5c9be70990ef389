import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Config } from '../src/config/config.js';
import type { SimulatedGpio } from '../src/door/gpio/simulated-gpio.js';
import { silentLog } from '../src/kit/log.js';
import { keyText } from '../src/kit/sealing/seal-key.js';
import { type EmbeddedBroker, startBroker } from '../src/site/link/embedded-broker.js';
import { given } from './config/given.js';
import { discard, notReady, ROOT, SAMPLES, scratch } from './scenario/harness.js';
import { until } from './site/until.js';

/** The compiled gate, whose eye is a program of its own. */
const built = async () => {
  const main: typeof import('../src/main.js') = await import(join(ROOT, 'dist/main.js'));
  const kit: typeof import('../src/kit/endings.js') = await import(join(ROOT, 'dist/kit/endings.js'));
  const gpio: typeof import('../src/door/gpio/simulated-gpio.js') = await import(
    join(ROOT, 'dist/door/gpio/simulated-gpio.js')
  );
  return { startGate: main.startGate, Endings: kit.Endings, SimulatedGpio: gpio.SimulatedGpio };
};

const [RELAY, CONTACT, RED] = [17, 22, 24];
const [REX, FIRE] = [25, 27];
const LINES = [RELAY, CONTACT, RED].map((offset) => ({
  chip: 'gpiochip0',
  label: 'pinctrl-bcm2835',
  offset,
  number: 512 + offset,
}));

let folder: string;
let broker: EmbeddedBroker;
beforeEach(async () => {
  folder = scratch();
  broker = await startBroker();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await broker.close();
  discard(folder);
});

const paths = () => ({ state: join(folder, 'state'), cache: join(folder, 'cache'), run: join(folder, 'run') });

/** A gate with everything that can be opened, and a door that stands open for all once its schedule is followed. */
const everything = (change = ''): Config =>
  given(`
camera: { kind: replay, path: ${SAMPLES} }
door:
  kind: gpio
  gpio: { backend: simulated }
  relay: { line: ${RELAY} }
  contact: { line: ${CONTACT} }
  redLed: { line: ${RED} }
access:
  timeZone: UTC
  clock: unchecked
  passback: { mode: soft }
  doorModes: [{ mode: open-house, schedule: always }]
greeting: { speak: true }
mqtt: { enabled: true, url: '${broker.url}' }
homeAssistant: { enabled: true, commands: [lock], picture: whole }
${change}`).config;

/** What runs in this process beside the tests themselves. */
const running = () => ({
  children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim(),
  timers: process.getActiveResourcesInfo().filter((kind) => /Timeout|Socket|Process|Pipe/.test(kind)).length,
  exits: process.listenerCount('exit'),
  locks: existsSync(paths().state)
    ? readdirSync(paths().state, { recursive: true }).filter((name) => /lock$/.test(String(name)))
    : [],
});

/**
 * Waits, turn by turn of the event loop, until no more is left than ran before: waiting by timers would count the timers. The broker's
 * own timers of before may have ended meanwhile.
 */
async function expectNothingLeft(before: ReturnType<typeof running>, after: string) {
  const left = () => ({ ...running(), timers: Math.max(running().timers, before.timers) });
  for (let turn = 0; turn < 20_000 && JSON.stringify(left()) !== JSON.stringify(before); turn++)
    await new Promise((resolve) => setImmediate(resolve));
  expect([after, left()]).toEqual([after, before]);
}

/** Every simulated chip that a gate has opened lines of. */
function chipsInUse(prototype: SimulatedGpio): Set<SimulatedGpio> {
  const used = new Set<SimulatedGpio>();
  const { output } = prototype;
  vi.spyOn(prototype, 'output').mockImplementation(function (this: SimulatedGpio, ...args) {
    used.add(this);
    return output.apply(this, args);
  });
  return used;
}

/** The door is locked and every line is free for the next one. */
async function expectIdle(chips: ReadonlySet<SimulatedGpio>) {
  for (const chip of chips) {
    expect(chip.level(RELAY)).toBe(false);
    for (const line of LINES.filter(({ offset }) => offset !== CONTACT))
      (await chip.output(line, { high: false, held: false })).close();
    const listener = { onLevel: () => undefined, onFault: () => undefined };
    (await chip.input(LINES[1] as (typeof LINES)[number], 'as-is', listener)).close();
  }
}

describe.skipIf(notReady)('a gate that is still being opened', () => {
  test('serves exit button and fire alarm before it has people, models, journal and all the rest, and reports them afterwards', async () => {
    const { startGate, Endings, SimulatedGpio } = await built();
    const chips = chipsInUse(SimulatedGpio.prototype);
    const { input } = SimulatedGpio.prototype;
    vi.spyOn(SimulatedGpio.prototype, 'input').mockImplementation(function (this: SimulatedGpio, line, ...more) {
      // At rest: the button up, no fire.
      this.set(line.offset, line.offset === REX);
      return input.call(this, line, ...more);
    });
    const relay = (high: boolean) => until(`the relay is ${high}`, () => [...chips][0]?.level(RELAY) === high);
    const opened: string[] = [];
    class Slow extends Endings {
      override async open<T>(
        what: string,
        open: () => T | Promise<T>,
        close: (part: T, leftMs: number) => unknown,
        more?: { saves?: boolean },
      ): Promise<T> {
        opened.push(what);
        if (what === 'the people') {
          const [chip] = chips;
          await relay(false);
          chip?.set(FIRE, true);
          await relay(true);
          chip?.set(FIRE, false);
          await relay(false);
          chip?.set(REX, false);
          await relay(true);
          chip?.set(REX, true);
        }
        return super.open(what, open, close, more);
      }
    }
    const wired = everything().door;
    const door = { ...wired, rex: { ...wired.rex, line: REX }, fire: { ...wired.fire, line: FIRE } };
    const config = { ...everything(), door };
    const gate = await startGate(config, paths(), silentLog, { endings: new Slow() });
    expect(opened.slice(0, 5)).toEqual(["the door's lines", 'the wires', 'the door', 'the lock at exit', 'the people']);
    await until('it tells the programs of this machine how it is', () => existsSync(join(paths().run, 'state.json')));
    await gate.stop();
    expect(existsSync(join(paths().run, 'state.json'))).toBe(false);
    const journal = await readFile(join(paths().state, 'journal', '000000000001.jsonl'), 'utf8');
    const types = [...journal.matchAll(/"type":"(\w+)"/g)].map(([, type]) => type);
    expect(types.filter((type) => type === 'fire' || type === 'exit')).toEqual(['fire', 'fire', 'exit']);
  }, 60_000);

  test('serves the exit button while its key does not come, and takes it when it comes', async () => {
    const { startGate, SimulatedGpio } = await built();
    const chips = chipsInUse(SimulatedGpio.prototype);
    const { input } = SimulatedGpio.prototype;
    vi.spyOn(SimulatedGpio.prototype, 'input').mockImplementation(function (this: SimulatedGpio, line, ...more) {
      this.set(line.offset, line.offset === REX);
      return input.call(this, line, ...more);
    });
    const wired = everything();
    const door = { ...wired.door, rex: { ...wired.door.rex, line: REX } };
    const sealKeyFile = join(folder, 'key');
    const storage = { ...wired.storage, sealKeyFile };
    const info = vi.fn();
    const starting = startGate({ ...wired, door, storage }, paths(), { ...silentLog, info } as typeof silentLog);
    await until('it waits for its key', () =>
      info.mock.calls.some(([, said]) => /key is not there/.test(String(said))),
    );
    // Again and again: pressed in its first moment a button counts as stuck.
    await until('the button releases the door', () => {
      const [chip] = chips;
      chip?.set(REX, Math.floor(Date.now() / 400) % 2 === 0);
      return chip?.level(RELAY) === true;
    });
    [...chips][0]?.set(REX, true);
    writeFileSync(sealKeyFile, keyText(randomBytes(32)));
    const gate = await starting;
    expect(gate.state().problems.filter((problem) => problem.includes('seal'))).toEqual([]);
    await gate.stop();
  }, 60_000);
});

describe.skipIf(notReady)('a gate of which one part cannot be opened', () => {
  test('leaves nothing running and the door locked, whichever part it is; afterwards it starts', async () => {
    const { startGate, Endings, SimulatedGpio } = await built();
    const chips = chipsInUse(SimulatedGpio.prototype);
    const relay = () => [...chips].some((chip) => chip.level(RELAY));
    class Refusing extends Endings {
      readonly names: string[] = [];
      /** What ended while the door was released. */
      readonly endedWhileReleased: string[] = [];
      readonly #nth: number;

      constructor(nth: number) {
        super();
        this.#nth = nth;
      }

      override open<T>(
        what: string,
        open: () => T | Promise<T>,
        close: (part: T, leftMs: number) => unknown,
        more?: { saves?: boolean },
      ): Promise<T> {
        this.names.push(what);
        const end = (part: T, leftMs: number) => {
          if (relay()) this.endedWhileReleased.push(what);
          return close(part, leftMs);
        };
        if (this.names.length <= this.#nth) return super.open(what, open, end, more);
        return Promise.reject(new Error(`refused: ${what}`));
      }
    }
    const config = everything();
    const before = running();
    const refused: string[] = [];
    for (let nth = 0; ; nth++) {
      chips.clear();
      const endings = new Refusing(nth);
      const started = await startGate(config, paths(), silentLog, { endings }).catch((thrown: Error) => thrown);
      if (!(started instanceof Error)) {
        expect(relay()).toBe(true);
        await started.stop();
        expect(endings.endedWhileReleased).toEqual([]);
        await expectNothingLeft(before, 'a whole run');
        await expectIdle(chips);
        break;
      }
      expect(started.message).toBe(`refused: ${endings.names.at(-1)}`);
      refused.push(endings.names.at(-1) as string);
      await expectNothingLeft(before, started.message);
      await expectIdle(chips);
    }
    expect(refused).toEqual([
      "the door's lines",
      'the wires',
      'the door',
      'the lock at exit',
      'the people',
      'the journal',
      'the passages',
      "the door's mode",
      'the trusted times',
      'the clock',
      'how far events were told',
      'the broker',
      'the reports',
      'the attack alarm',
      'the voice',
      'the requests that were taken',
      'when the gate was last in sync',
      'the site',
      'the state in the run folder',
      'the report of the stop',
      'the trace of people from the site',
      "Home Assistant's devices",
      'what is left in Home Assistant',
      'Home Assistant',
      'the jobs',
      'the eye',
      'systemd',
      'the pulse',
    ]);
  }, 60_000);

  test.each<[string, string, () => Config]>([
    [
      'the data',
      'KAIMON_DATA_NEWER',
      () => {
        broken('passages.json', '{"schema":99}');
        return everything();
      },
    ],
    [
      'the wires',
      'KAIMON_GPIO_LINE',
      () => {
        const config = everything();
        return {
          ...config,
          door: { ...config.door, relay: { line: { chip: 'another', offset: 1 }, activeLow: false } },
        };
      },
    ],
  ])('%s: says why (%s), and leaves nothing running', async (_what, code, make) => {
    const { startGate, SimulatedGpio } = await built();
    const chips = chipsInUse(SimulatedGpio.prototype);
    const config = make();
    const before = running();
    await expect(startGate(config, paths(), silentLog)).rejects.toMatchObject({ code });
    await expectNothingLeft(before, code);
    await expectIdle(chips);
    rmSync(paths().state, { recursive: true, force: true });
  });
});

/** What lies in the state folder where a file should be. */
const inTheWay = (name: string) => mkdirSync(join(paths().state, name), { recursive: true });
const broken = (name: string, text: string) => {
  const file = join(paths().state, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};

describe.skipIf(notReady)('a gate whose state or run folder is not as it should be starts all the same', () => {
  test.each<[string, RegExp, () => void]>([
    [
      'the run folder is no folder',
      /^if this process were killed now, .*: the door's line cannot be recorded in /,
      () => writeFileSync(paths().run, ''),
    ],
    ['the people are no file', /^people cannot be changed or saved: cannot read /, () => inTheWay('people.json')],
    [
      'both copies of the people are damaged',
      /^people cannot be changed or saved: the people store cannot be read/,
      () => {
        broken('people.json', '{');
        broken('people.json.last-good', '{');
      },
    ],
    ['the people cannot be locked', /^people cannot be changed or saved: /, () => inTheWay('people.json.lock')],
    ['the journal has no folder', /^the journal is not written: /, () => broken('journal', 'in the way')],
    ['the journal cannot be locked', /^the journal is not written: /, () => inTheWay('journal/lock')],
    ['the thresholds of the site are damaged', /^no face can be recognised: /, () => broken('calibration.json', '{')],
    ['the trusted times are no file', /^clock-lost: /, () => inTheWay('clock.json')],
    ['the requests that were taken are no file', /^requests-lost: /, () => inTheWay('requests.json')],
    ["Home Assistant's devices are no file", /^home-assistant-lost: /, () => inTheWay('home-assistant.json')],
    ['how far events were told is no file', /^events-lost: /, () => inTheWay('events.json')],
    ['the passages are damaged', /^passages-lost: /, () => broken('passages.json', '{')],
    ['the passages are no file', /^passages-lost: /, () => inTheWay('passages.json')],
    [
      "the door's mode is no file",
      /^the door's mode from before the start is not known: locked until /,
      () => inTheWay('door-mode.json'),
    ],
  ])(
    '%s',
    async (what, problem, spoil) => {
      const { startGate, SimulatedGpio } = await built();
      const chips = chipsInUse(SimulatedGpio.prototype);
      const before = running();
      spoil();
      const gate = await startGate(everything(), paths(), silentLog);
      // The door is at work: it follows its schedule, or is locked where it may have been.
      expect([...chips].some((chip) => chip.level(RELAY))).toBe(what !== "the door's mode is no file");
      const { problems, warnings } = gate.state();
      expect([...problems, ...warnings]).toContainEqual(expect.stringMatching(problem));
      await gate.stop();
      rmSync(paths().state, { recursive: true, force: true });
      await expectNothingLeft(before, 'a whole run');
      await expectIdle(chips);
    },
    60_000,
  );
});

describe.skipIf(notReady)('a gate whose broker cannot be had is at work all the same', () => {
  test.each<[string, RegExp, (mqtt: Config['mqtt']) => Partial<Config['mqtt']>]>([
    [
      'its password is missing',
      /^no broker, .*: cannot read .*missing \(mqtt\.passwordFile\)/,
      () => ({ username: 'gate', passwordFile: join(folder, 'missing') }),
    ],
    ['nobody listens at its port', /^no broker, .*ECONNREFUSED/, () => ({ url: 'mqtt://127.0.0.1:9' })],
  ])(
    '%s: the state of this machine says so',
    async (_what, problem, change) => {
      const { startGate, SimulatedGpio } = await built();
      const chips = chipsInUse(SimulatedGpio.prototype);
      const before = running();
      const config = everything();
      const gate = await startGate({ ...config, mqtt: { ...config.mqtt, ...change(config.mqtt) } }, paths(), silentLog);
      expect([...chips].some((chip) => chip.level(RELAY))).toBe(true);
      await until('the state says so', () => gate.state().problems.some((text) => problem.test(text)), 30);
      expect(gate.state().status).toBe('degraded');
      await gate.stop();
      rmSync(paths().state, { recursive: true });
      await expectNothingLeft(before, 'a whole run');
      await expectIdle(chips);
    },
    60_000,
  );
});

test.skipIf(notReady)(
  'a gate whose eye is not confined says so among the warnings of its state',
  async () => {
    const { startGate } = await built();
    for (const [sandbox, expected] of [
      ['none', [expect.stringMatching(/^eye-unconfined: .*eye\.sandbox is none$/)]],
      ['auto', []],
    ] as const) {
      // A replayed camera can be had in the sandbox by root, too.
      const gate = await startGate(everything(`eye: { sandbox: ${sandbox} }`), paths(), silentLog);
      const { warnings, eyeConfinement } = gate.state();
      await gate.stop();
      if (sandbox === 'auto' && eyeConfinement === 'none') continue;
      expect(warnings.filter((text) => text.startsWith('eye'))).toEqual(expected);
    }
  },
  60_000,
);
