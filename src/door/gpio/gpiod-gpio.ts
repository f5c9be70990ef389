import { spawnSync } from 'node:child_process';
import type { Clock } from '../../kit/clock.js';
import { closeAll } from '../../kit/closing.js';
import { OperatingError } from '../../kit/errors.js';
import { type Chip, chipsOf } from './chips.js';
import type { Gpio, GpioLine, InputLine, InputListening, OutputLine, Pull } from './gpio.js';
import { HeldLine } from './gpiod-held-line.js';
import { MonitoredLine } from './gpiod-monitored-line.js';
import { type Command, consumerOf, infoCommand, type ToolsVersion, versionOf } from './gpiod-tools.js';
import { failure } from './onoff-gpio.js';

/** A tool that has not answered by then will not. */
const TOOL_MS = 3000;
/** A line whose last holder is just being killed is free within a moment. */
const FREE_TRIES = 10;
const TRY_MS = 100;

/** Runs a tool to its end. @throws OperatingError KAIMON_GPIO_IO with what it said */
export function runTool([tool, ...args]: Command): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { timeout: TOOL_MS, encoding: 'utf8' });
  if (status === 0) return stdout;
  const said = error?.message ?? (stderr.trim() || `exit ${status}`);
  const message = `${[tool, ...args].join(' ')}: ${said}: is this user in the group gpio?`;
  throw new OperatingError('KAIMON_GPIO_IO', 'environment', message, { cause: error });
}

/** The version of the tools on this machine; undefined when there are none, or not all that is needed. */
export function toolsVersion(): ToolsVersion | undefined {
  const printed = (tool: string) => spawnSync(tool, ['--version'], { timeout: TOOL_MS, encoding: 'utf8' }).stdout ?? '';
  const version = versionOf(printed('gpioset'));
  return version !== undefined && versionOf(printed('gpiomon')) === version ? version : undefined;
}

/** Lines through the character device and the gpiod tools: one child for each line, which dies with this process. */
export class GpiodGpio implements Gpio {
  readonly #version: ToolsVersion;
  readonly #clock: Clock;

  constructor(version: ToolsVersion, clock: Clock) {
    this.#version = version;
    this.#clock = clock;
  }

  chips(): Chip[] {
    return chipsOf(runTool(['gpiodetect']));
  }

  async output(line: GpioLine, safeHigh: boolean, fault: (why: string) => void): Promise<OutputLine> {
    await this.#mustBeFree(line);
    const held = new HeldLine(this.#version, line, safeHigh, fault);
    try {
      await this.#mustBeHeld(line, held);
      return held;
    } catch (thrown) {
      // Why it could not be opened is what there is to tell; what closing it says of the same line is no news.
      closeAll([held]);
      throw thrown;
    }
  }

  async input(line: GpioLine, pull: Pull, listening: InputListening): Promise<InputLine> {
    await this.#mustBeFree(line);
    return new MonitoredLine({ version: this.#version, line, pull, listening, clock: this.#clock });
  }

  record({ chip, offset }: GpioLine, safeHigh: boolean): readonly string[] {
    return [`chip=${chip}`, `line=${offset}`, `level=${safeHigh ? 1 : 0}`];
  }

  async #mustBeHeld(line: GpioLine, held: HeldLine): Promise<void> {
    for (let tries = 0; tries < FREE_TRIES; tries++) {
      if (held.lost !== undefined) throw failure('KAIMON_GPIO_IO', line, held.lost);
      if (this.#consumer(line) !== undefined) return;
      await this.#pause();
    }
    throw failure('KAIMON_GPIO_IO', line, 'gpioset does not take it');
  }

  async #mustBeFree(line: GpioLine): Promise<void> {
    let consumer = this.#consumer(line);
    for (let tries = 0; consumer !== undefined && tries < FREE_TRIES; tries++) {
      await this.#pause();
      consumer = this.#consumer(line);
    }
    if (consumer === undefined) return;
    const advice = consumer === 'sysfs' ? ': unexport it, or set door.gpio.backend to onoff' : '';
    throw failure('KAIMON_GPIO_BUSY', line, `it is in use by "${consumer}"${advice}`);
  }

  #consumer({ chip, offset }: GpioLine): string | undefined {
    return consumerOf(this.#version, runTool(infoCommand(this.#version, chip)), offset);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(TRY_MS, resolve));
  }
}
