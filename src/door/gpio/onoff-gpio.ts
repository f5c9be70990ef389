import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gpio as OnoffLine } from 'onoff';
import { GPIO_BACKENDS } from '../../config/gpio-backends.js';
import type { Clock } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Probe } from './backend.js';
import type { Chip } from './chips.js';
import type { Gpio, GpioLine, InputLine, InputLineListener, OutputLine, Pull, Rest } from './gpio.js';
import { lineFailure, refuseUnsettablePull } from './line-failure.js';
import { PolledInput } from './onoff-polled-input.js';

const SYSFS = '/sys/class/gpio';
/** Levels are those of the wire; what they mean is decided by the caller. */
const RAW = { activeLow: false };

/** Works where the kernel still has GPIO in sysfs and the package onoff could be compiled. */
export const probeOnoff: Probe = async ({ clock }) => {
  try {
    accessSync(join(SYSFS, 'export'), constants.W_OK);
  } catch (thrown) {
    return `${SYSFS} is not there or not for this user (${explain(thrown)}); newer kernels leave it out`;
  }
  try {
    const { Gpio: Line } = await import('onoff');
    return { name: 'onoff', gpio: new OnoffGpio(Line, clock), chips: sysfsChips() };
  } catch (thrown) {
    return `the npm package onoff cannot be loaded (scripts/setup compiles it; a package brings it, install it again): ${explain(thrown)}`;
  }
};

/** The chips that sysfs knows. */
export function sysfsChips(root = SYSFS): Chip[] {
  const names = readdirSync(root).filter((name) => /^gpiochip\d+$/.test(name));
  return names.map((name) => {
    const read = (file: string) => readFileSync(join(root, name, file), 'utf8').trim();
    // In sysfs the number in the name is that of the chip's first line; the device file may have another.
    return { name, label: read('label'), lines: Number(read('ngpio')), base: Number(read('base')) };
  });
}

/**
 * Lines through sysfs and the package onoff. A line is left exported at its level: once unexported, nothing would hold it there.
 */
export class OnoffGpio implements Gpio {
  readonly setsPulls = GPIO_BACKENDS.onoff.setsPulls;
  readonly #Line: typeof OnoffLine;
  readonly #clock: Clock;
  readonly #root: string;

  constructor(Line: typeof OnoffLine, clock: Clock, root = SYSFS) {
    this.#Line = Line;
    this.#clock = clock;
    this.#root = root;
  }

  async output(line: GpioLine, rest: Rest): Promise<OutputLine> {
    let left = rest;
    // 'high' and 'low' set direction and level in one step; 'out' would be low for a moment.
    const opened = this.#open(line, () => {
      const one = new this.#Line(numberOf(line), rest.high ? 'high' : 'low', undefined, RAW);
      // onoff swallows failures at a line that was exported before.
      if (one.direction() === 'in' || one.activeLow())
        throw new Error('it cannot be made an output: unexport it first');
      return one;
    });
    let closed = false;
    return {
      write(high) {
        if (closed) throw new Error(`the line ${line.offset} of "${line.label}" is closed`);
        opened.writeSync(high ? 1 : 0);
      },
      // The kernel keeps the level of an exported line, whoever dies.
      leaveAt(next) {
        left = next;
      },
      close() {
        if (closed) return;
        closed = true;
        opened.writeSync(left.high ? 1 : 0);
      },
    };
  }

  async input(line: GpioLine, pull: Pull, listener: InputLineListener): Promise<InputLine> {
    refuseUnsettablePull('onoff', line, pull);
    return new PolledInput(this.#openInput(line), this.#clock, listener);
  }

  record(line: GpioLine, high: boolean): readonly string[] {
    return [`path=${join(this.#root, `gpio${numberOf(line)}`, 'direction')}`, `value=${high ? 'high' : 'low'}`];
  }

  #openInput(line: GpioLine): OnoffLine {
    return this.#open(line, () => {
      try {
        return new this.#Line(numberOf(line), 'in', 'both', RAW);
      } catch (thrown) {
        // A chip without interrupts has no edges.
        if (!/edge/.test(explain(thrown))) throw thrown;
        return new this.#Line(numberOf(line), 'in', undefined, RAW);
      }
    });
  }

  #open(line: GpioLine, open: () => OnoffLine): OnoffLine {
    try {
      return open();
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException | null)?.code;
      if (code === 'EBUSY')
        throw lineFailure(
          'KAIMON_GPIO_BUSY',
          line,
          'it is in use by another driver or program: `gpioinfo` names it',
          cause,
        );
      const advice = code === 'EACCES' ? 'is this user in the group gpio? ' : '';
      throw lineFailure(
        'KAIMON_GPIO_IO',
        line,
        `it cannot be opened through ${this.#root}: ${advice}${explain(cause)}`,
        cause,
      );
    }
  }
}

const numberOf = (line: GpioLine): number => {
  if (line.number === null) throw lineFailure('KAIMON_GPIO_LINE', line, 'sysfs knows no number for it');
  return line.number;
};
