import { spawnSync } from 'node:child_process';
import { GPIO_BACKENDS } from '../../config/gpio-backends.js';
import type { Clock } from '../../kit/clock.js';
import { closeAll } from '../../kit/closing.js';
import { explain, OperatingError } from '../../kit/errors.js';
import type { Probe } from './backend.js';
import { type Chip, chipsOf } from './chips.js';
import type { Gpio, GpioLine, InputLine, InputLineListener, OutputLine, Pull, Rest } from './gpio.js';
import { HeldLine } from './gpiod-held-line.js';
import { type LeftHolder, LeftHolders } from './gpiod-left-holders.js';
import { MonitoredLine } from './gpiod-monitored-line.js';
import { type Command, consumerOf, infoCommand, type ToolsVersion, versionOf } from './gpiod-tools.js';
import { lineFailure } from './line-failure.js';

/** A tool that has not answered by then is stuck. */
const TOOL_MS = 3000;
/** The process that held the line before may just be ending: a few tries give it a second to let go. */
const FREE_TRIES = 10;
const TRY_MS = 100;

/** Runs a tool to its end. @throws OperatingError KAIMON_GPIO_IO with what it wrote to stderr */
export function runTool([tool, ...args]: Command): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { timeout: TOOL_MS, encoding: 'utf8' });
  if (status === 0) return stdout;
  const complaint = error?.message ?? (stderr.trim() || `exit ${status}`);
  const message = `${[tool, ...args].join(' ')}: ${complaint}: is this user in the group gpio?`;
  throw new OperatingError('KAIMON_GPIO_IO', message, { cause: error });
}

/** The version of the tools on this machine; undefined when one is missing, or they are not of one version. */
export function toolsVersion(): ToolsVersion | undefined {
  const printed = (tool: string) => spawnSync(tool, ['--version'], { timeout: TOOL_MS, encoding: 'utf8' }).stdout ?? '';
  const version = versionOf(printed('gpioset'));
  return version !== undefined && versionOf(printed('gpiomon')) === version ? version : undefined;
}

function whyNoTools(): string {
  const { error } = spawnSync('gpioset', ['--version'], { timeout: TOOL_MS });
  // A machine that can start no process is not helped by installing them.
  if (error && (error as NodeJS.ErrnoException).code !== 'ENOENT') return `gpioset cannot be started: ${error.message}`;
  return 'gpioset and gpiomon are not installed: apt-get install gpiod';
}

/** Works where the gpiod tools are installed and this user may list the chips. */
export const probeGpiod: Probe = async ({ clock, log, runFolder }) => {
  const version = toolsVersion();
  if (version === undefined) return whyNoTools();
  try {
    const gpio = new GpiodGpio(version, clock, new LeftHolders(runFolder, log));
    return { name: `gpiod ${version}`, gpio, chips: gpio.chips() };
  } catch (thrown) {
    return explain(thrown);
  }
};

/** Lines through the character device and the gpiod tools: one child process for each line, which ends with this process unless the line
 * must be driven on. */
export class GpiodGpio implements Gpio {
  readonly setsPulls = GPIO_BACKENDS.gpiod.setsPulls;
  readonly #version: ToolsVersion;
  readonly #clock: Clock;
  readonly #leftHolders: LeftHolders;

  constructor(version: ToolsVersion, clock: Clock, leftHolders: LeftHolders) {
    this.#version = version;
    this.#clock = clock;
    this.#leftHolders = leftHolders;
  }

  chips(): Chip[] {
    return chipsOf(runTool(['gpiodetect']));
  }

  async output(line: GpioLine, rest: Rest, onFault: (why: string) => void): Promise<OutputLine> {
    const left = this.#takeOver(line, rest);
    if (left === undefined) await this.#mustBeFree(line);
    const [version, clock, leftHolders] = [this.#version, this.#clock, this.#leftHolders];
    const held = new HeldLine({ version, line, rest, onFault, clock, leftHolders }, left);
    try {
      await this.#mustBeHeld(line, held);
      return held;
    } catch (thrown) {
      // The failure to open is what matters; a failure to close the same line would only hide it.
      closeAll([held]);
      throw thrown;
    }
  }

  async input(line: GpioLine, pull: Pull, listener: InputLineListener): Promise<InputLine> {
    await this.#mustBeFree(line);
    return new MonitoredLine({ version: this.#version, line, pull, listener, clock: this.#clock });
  }

  record({ chip, offset }: GpioLine, high: boolean): readonly string[] {
    return [`chip=${chip}`, `line=${offset}`, `level=${high ? 1 : 0}`];
  }

  /** @returns the process of an earlier daemon that drives the line as is wanted now; one that drives it otherwise is ended */
  #takeOver(line: GpioLine, rest: Rest): LeftHolder | undefined {
    const left = this.#leftHolders.find(line);
    // A process that the service's sandbox hides may be any: then at least a gpioset must have the line.
    if (left === undefined || this.#consumer(line) !== 'gpioset') return undefined;
    if (rest.held && left.high === rest.high) return left;
    process.kill(left.pid, 'SIGKILL');
    this.#leftHolders.forget(line);
    return undefined;
  }

  async #mustBeHeld(line: GpioLine, held: HeldLine): Promise<void> {
    for (let tries = 0; tries < FREE_TRIES; tries++) {
      if (held.lost !== undefined) throw lineFailure('KAIMON_GPIO_IO', line, held.lost);
      if (this.#consumer(line) !== undefined) return;
      await this.#pause();
    }
    throw lineFailure('KAIMON_GPIO_IO', line, 'gpioset does not take it');
  }

  async #mustBeFree(line: GpioLine): Promise<void> {
    let consumer = this.#consumer(line);
    for (let tries = 0; consumer !== undefined && tries < FREE_TRIES; tries++) {
      await this.#pause();
      consumer = this.#consumer(line);
    }
    if (consumer === undefined) return;
    const advice = consumer === 'sysfs' ? ': unexport it, or set door.gpio.backend to onoff' : '';
    throw lineFailure('KAIMON_GPIO_BUSY', line, `it is in use by "${consumer}"${advice}`);
  }

  #consumer({ chip, offset }: GpioLine): string | undefined {
    return consumerOf(this.#version, runTool(infoCommand(this.#version, chip)), offset);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(TRY_MS, resolve));
  }
}
