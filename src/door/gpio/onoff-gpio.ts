import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gpio as OnoffLine } from 'onoff';
import type { Clock, Timer } from '../../kit/clock.js';
import { explain, OperatingError } from '../../kit/errors.js';
import type { Chip } from './chips.js';
import type { Gpio, GpioLine, InputLine, InputListening, OutputLine, Pull } from './gpio.js';

export const SYSFS = '/sys/class/gpio';
/** Edges come by interrupt; a read in between finds what an interrupt lost. Where there are none, reading is all there is. */
const REREAD_MS = 200;
const POLL_MS = 20;
/** Levels are those of the wire; what they mean is decided above. */
const RAW = { activeLow: false };

/** The chips that sysfs knows. */
export function sysfsChips(root = SYSFS): Chip[] {
  const names = readdirSync(root).filter((name) => /^gpiochip\d+$/.test(name));
  return names.map((name) => {
    const read = (file: string) => readFileSync(join(root, name, file), 'utf8').trim();
    // Here the number in the name is the base; the device may be called otherwise.
    return { name, label: read('label'), lines: Number(read('ngpio')), base: Number(read('base')) };
  });
}

/** Lines through sysfs and the package onoff. A line is left exported, at its safe level: freed, it would be nobody's. */
export class OnoffGpio implements Gpio {
  readonly #Line: typeof OnoffLine;
  readonly #clock: Clock;
  readonly #root: string;

  constructor(Line: typeof OnoffLine, clock: Clock, root = SYSFS) {
    this.#Line = Line;
    this.#clock = clock;
    this.#root = root;
  }

  async output(line: GpioLine, safeHigh: boolean): Promise<OutputLine> {
    const safe = safeHigh ? 1 : 0;
    // 'high' and 'low' set direction and level in one step; 'out' would be low for a moment.
    const opened = this.#open(line, () => {
      const one = new this.#Line(numberOf(line), safeHigh ? 'high' : 'low', undefined, RAW);
      // onoff swallows what fails at a line that was exported before.
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
      close() {
        closed = true;
        opened.writeSync(safe);
      },
    };
  }

  async input(line: GpioLine, pull: Pull, listening: InputListening): Promise<InputLine> {
    if (pull !== 'as-is') throw failure('KAIMON_GPIO_BACKEND', line, 'sysfs cannot set a pull: use the gpiod back end');
    return new PolledInput(this.#openInput(line), this.#clock, listening);
  }

  record(line: GpioLine, safeHigh: boolean): readonly string[] {
    return [`path=${join(this.#root, `gpio${numberOf(line)}`, 'direction')}`, `value=${safeHigh ? 'high' : 'low'}`];
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
        throw failure(
          'KAIMON_GPIO_BUSY',
          line,
          'it is in use by another driver or program: `gpioinfo` names it',
          cause,
        );
      const advice = code === 'EACCES' ? 'is this user in the group gpio? ' : '';
      throw failure(
        'KAIMON_GPIO_IO',
        line,
        `it cannot be opened through ${this.#root}: ${advice}${explain(cause)}`,
        cause,
      );
    }
  }
}

const numberOf = (line: GpioLine): number => {
  if (line.number === null) throw failure('KAIMON_GPIO_LINE', line, 'sysfs knows no number for it');
  return line.number;
};

export function failure(
  code: 'KAIMON_GPIO_BUSY' | 'KAIMON_GPIO_IO' | 'KAIMON_GPIO_LINE' | 'KAIMON_GPIO_BACKEND',
  { label, offset }: GpioLine,
  what: string,
  cause?: unknown,
): OperatingError {
  return new OperatingError(code, 'environment', `line ${offset} of the GPIO chip "${label}": ${what}`, { cause });
}

class PolledInput implements InputLine {
  readonly #line: OnoffLine;
  readonly #clock: Clock;
  readonly #listening: InputListening;
  readonly #everyMs: number;
  #timer: Timer | undefined;
  #broken = false;

  constructor(line: OnoffLine, clock: Clock, listening: InputListening) {
    this.#line = line;
    this.#clock = clock;
    this.#listening = listening;
    this.#everyMs = this.#watch() ? REREAD_MS : POLL_MS;
    this.#read();
  }

  close(): void {
    this.#timer?.cancel();
    this.#line.unexport();
  }

  #watch(): boolean {
    try {
      this.#line.watch((error, level) => {
        if (!error) this.#listening.level(level === 1);
      });
      return true;
    } catch {
      // No interrupts here: reading often enough serves as well, and a line that cannot be read is told below.
      try {
        this.#line.unwatchAll();
      } catch {
        // onoff has forgotten the listener by now; epoll, which complains, never knew the line.
      }
      return false;
    }
  }

  #read(): void {
    this.#timer = this.#clock.after(this.#everyMs, () => this.#read());
    try {
      const high = this.#line.readSync() === 1;
      if (this.#broken) this.#listening.fault(null);
      this.#broken = false;
      this.#listening.level(high);
    } catch (thrown) {
      if (!this.#broken) this.#listening.fault(explain(thrown));
      this.#broken = true;
    }
  }
}
