import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Chip, resolveLine } from '../../../src/door/gpio/chips.js';
import type { Gpio } from '../../../src/door/gpio/gpio.js';
import { GpiodGpio, runTool, toolsVersion } from '../../../src/door/gpio/gpiod-gpio.js';
import { LeftHolders } from '../../../src/door/gpio/gpiod-left-holders.js';
import { consumerOf, infoCommand, type ToolsVersion } from '../../../src/door/gpio/gpiod-tools.js';
import { OnoffGpio, sysfsChips } from '../../../src/door/gpio/onoff-gpio.js';
import { SimulatedGpio } from '../../../src/door/gpio/simulated-gpio.js';
import { silentLog } from '../../../src/kit/log.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import type { GpioRig } from '../../contract/gpio.contract.js';
import { until } from '../../site/until.js';

const on = (chips: readonly Chip[]) => (offset: number) =>
  resolveLine('door.test.line', { chip: chips[0]?.label ?? 'none', offset }, chips);
const atOnce = async (): Promise<void> => undefined;
const scratch = (what: string): string => mkdtempSync(join(tmpdir(), `kaimon-${what}-`));

export function simulatedRig(): GpioRig {
  const gpio = new SimulatedGpio();
  return {
    row: 'simulated',
    gpio,
    line: on(gpio.chips()),
    wire: (offset) => gpio.level(offset),
    drive: (offset, high) => gpio.set(offset, high),
    // Nothing can be moved but by this process.
    drivenOn: () => true,
    listening: atOnce,
    close: () => undefined,
  };
}

/** Why onoff cannot be tested here: its native part is optional, and not compiled everywhere. */
export const noOnoff: string | undefined = (() => {
  try {
    createRequire(import.meta.url)('onoff');
    return undefined;
  } catch {
    return "onoff's native part is not compiled here";
  }
})();

/** The package onoff as it is, except for the one path that is fixed in its source. */
export function onoffBelow(root: string): typeof import('onoff').Gpio {
  const require = createRequire(import.meta.url);
  const file = require.resolve('onoff');
  const source = readFileSync(file, 'utf8').replace("'/sys/class/gpio/'", JSON.stringify(`${root}/`));
  const module = { exports: {} as typeof import('onoff') };
  new Function('require', 'module', source)(createRequire(file), module);
  return module.exports.Gpio;
}

/** A hand-made /sys/class/gpio of plain files: nothing in it changes by itself, and there are no interrupts. */
export function sysfsTree(root = scratch('sysfs')): string {
  mkdirSync(root, { recursive: true });
  const chip = join(root, 'gpiochip512');
  mkdirSync(chip);
  for (const [file, text] of Object.entries({ label: 'gate-gpio', base: '512', ngpio: '8' }))
    writeFileSync(join(chip, file), `${text}\n`);
  for (const file of ['export', 'unexport']) writeFileSync(join(root, file), '');
  for (let offset = 0; offset < 4; offset++) {
    const line = join(root, `gpio${512 + offset}`);
    mkdirSync(line);
    for (const [file, text] of Object.entries({ direction: 'in', value: '0', active_low: '0', edge: 'none' }))
      writeFileSync(join(line, file), `${text}\n`);
  }
  return root;
}

export function sysfsRig(): GpioRig {
  const root = sysfsTree();
  const onoff = new OnoffGpio(onoffBelow(root), systemClock, root);
  const path = (offset: number, file: string) => join(root, `gpio${512 + offset}`, file);
  const read = (offset: number, file: string) => readFileSync(path(offset, file), 'utf8').trim();
  const gpio: Gpio = {
    setsPulls: onoff.setsPulls,
    async output(line, rest) {
      const output = await onoff.output(line, rest);
      // The kernel carries the level of `direction` over to `value`.
      writeFileSync(path(line.offset, 'value'), read(line.offset, 'direction') === 'high' ? '1' : '0');
      return output;
    },
    input: (...parts) => onoff.input(...parts),
    record: (...parts) => onoff.record(...parts),
  };
  return {
    row: 'onoff',
    gpio,
    line: on(sysfsChips(root)),
    wire: (offset) => read(offset, 'value') === '1',
    drive: (offset, high) => writeFileSync(path(offset, 'value'), high ? '1' : '0'),
    // The kernel keeps the level of an exported line.
    drivenOn: () => true,
    listening: atOnce,
    close: () => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
  };
}

const FAKE_TOOLS = fileURLToPath(new URL('fake-gpiod.sh', import.meta.url));

interface FakeFaults {
  /** `info-fails`: gpioinfo fails once line 0 is held. `set-hangs`: a gpioset that should set a level and end never ends. */
  fail(how: 'info-fails' | 'set-hangs'): void;
  /** Whether a running process holds line 0. */
  held(): boolean;
  /** The stand-ins keep their chip here, and the back end its notes. The tools are in `bin`. */
  readonly folder: string;
  /** The process that holds line 0, if one does. */
  holder(): number | undefined;
  /** Every level that line 0 was set to. */
  written(): readonly string[];
}

/** The gpiod back end with stand-ins for the tools, which keep a chip of eight lines in a folder. */
export async function fakeToolsRig(version: ToolsVersion): Promise<GpioRig & FakeFaults> {
  const folder = scratch('gpiod');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['gpioset', 'gpioget', 'gpiomon', 'gpioinfo', 'gpiodetect'])
    writeFileSync(join(bin, tool), `#!/bin/sh\nset -- ${version} '${folder}' ${tool} "$@"\n. '${FAKE_TOOLS}'\n`, {
      mode: 0o755,
    });
  const { PATH } = process.env;
  process.env['PATH'] = `${bin}:${PATH}`;
  const found = toolsVersion();
  if (found !== version) throw new Error(`the stand-ins say version ${found}`);
  // Where a daemon with the state folder `state` in this one has its notes, too.
  const leftHolders = new LeftHolders(join(folder, 'state', 'run'), silentLog);
  const gpio = new GpiodGpio(version, systemClock, leftHolders);
  const level = (offset: number) => join(folder, `level${offset}`);
  const holder = () => {
    const file = join(folder, 'holder0');
    const pid = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    const stat = `/proc/${pid}/stat`;
    return pid !== '' && existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, 'utf8')) ? Number(pid) : undefined;
  };
  return {
    row: 'gpiod',
    gpio,
    line: on(gpio.chips()),
    wire: (offset) => (existsSync(level(offset)) ? readFileSync(level(offset), 'utf8').trim() === '1' : undefined),
    drive: (offset, high) => writeFileSync(level(offset), high ? '1\n' : '0\n'),
    listening: (offset) => watched(version, 'gpiochip0', offset),
    folder,
    // The process at work now is the one that is noted to last.
    drivenOn: (offset) => {
      const holder = join(folder, `holder${offset}`);
      const lasting = leftHolders.find(on(gpio.chips())(offset));
      return existsSync(holder) && readFileSync(holder, 'utf8').trim() === String(lasting?.pid);
    },
    fail: (how) => writeFileSync(join(folder, how), ''),
    held: () => holder() !== undefined,
    holder,
    written: () => readFileSync(join(folder, 'written0'), 'utf8').trim().split('\n'),
    close() {
      process.env['PATH'] = PATH;
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

const CONFIGFS = '/sys/kernel/config/gpio-sim';
/** The tool that watches a line takes a moment to start. */
const watched = (version: ToolsVersion, chip: string, offset: number): Promise<void> =>
  until('gpiomon watches', () => consumerOf(version, runTool(infoCommand(version, chip)), offset) !== undefined);

/** Why there is no virtual chip here; undefined where there is one. */
export const noVirtualChip: string | undefined = existsSync(CONFIGFS)
  ? undefined
  : `${CONFIGFS} is not there: test/vm/gpio.sh runs these in a virtual machine`;

/** A virtual chip of the kernel (gpio-sim), through one of the two back ends. */
export async function virtualRig(backend: 'onoff' | 'gpiod'): Promise<GpioRig> {
  const at = join(CONFIGFS, `kaimon-${process.pid}`);
  const bank = join(at, 'bank0');
  for (const folder of [at, bank]) mkdirSync(folder);
  writeFileSync(join(bank, 'num_lines'), '8');
  writeFileSync(join(bank, 'label'), `kaimon-${process.pid}`);
  writeFileSync(join(at, 'live'), '1');
  const read = (file: string) => readFileSync(file, 'utf8').trim();
  const lines = join('/sys/devices/platform', read(join(at, 'dev_name')), read(join(bank, 'chip_name')));
  const version = toolsVersion();
  if (backend === 'gpiod' && version === undefined) throw new Error('the gpiod tools are not installed');
  const leftHolders = new LeftHolders(scratch('left'), silentLog);
  const gpiod = new GpiodGpio(version ?? 2, systemClock, leftHolders);
  const real: Gpio = backend === 'gpiod' ? gpiod : new OnoffGpio((await import('onoff')).Gpio, systemClock);
  const chips = backend === 'gpiod' ? gpiod.chips() : sysfsChips();
  const label = `kaimon-${process.pid}`;
  const drive = (offset: number, high: boolean) =>
    writeFileSync(join(lines, `sim_gpio${offset}`, 'pull'), high ? 'pull-up' : 'pull-down');
  const gpio: Gpio = {
    setsPulls: real.setsPulls,
    output(line, rest, onFault) {
      // As docs/door.md asks for: a line that gpioset lets go of takes the level of its resistor, so that must be the safe level.
      if (!rest.held) drive(line.offset, rest.high);
      return real.output(line, rest, onFault);
    },
    input: (...parts) => real.input(...parts),
    record: (...parts) => real.record(...parts),
  };
  return {
    row: backend,
    gpio,
    line: (offset) => resolveLine('door.test.line', { chip: label, offset }, chips),
    wire: (offset) => read(join(lines, `sim_gpio${offset}`, 'value')) === '1',
    drive,
    drivenOn: (offset) =>
      backend === 'onoff' ||
      leftHolders.find(resolveLine('door.test.line', { chip: label, offset }, chips)) !== undefined,
    listening: async (offset) => {
      if (backend === 'gpiod') await watched(version ?? 2, read(join(bank, 'chip_name')), offset);
    },
    close() {
      for (const name of readdirSync('/sys/class/gpio').filter((one) => /^gpio\d+$/.test(one)))
        writeFileSync('/sys/class/gpio/unexport', name.slice(4));
      writeFileSync(join(at, 'live'), '0');
      execFileSync('rmdir', [bank, at]);
    },
  };
}
