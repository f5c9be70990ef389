import { GPIO_BACKENDS } from '../../config/gpio-backends.js';
import type { Probe } from './backend.js';
import type { Chip } from './chips.js';
import type { Gpio, GpioLine, InputLine, InputLineListener, OutputLine, Rest } from './gpio.js';
import { obeyParent, type SimulatedWires } from './wire-control.js';

/** Works on every machine. */
export const probeSimulated: Probe = async ({ config, log }) => {
  const gpio = new SimulatedGpio();
  if (config.simulatedWires === 'parent') obeyParent(gpio, process, log);
  return { name: 'simulated', gpio, chips: gpio.chips() };
};

/** Lines that exist in memory only: levels can be read and set from outside. */
export class SimulatedGpio implements Gpio, SimulatedWires {
  readonly setsPulls = GPIO_BACKENDS.simulated.setsPulls;
  readonly #levels = new Map<number, boolean>();
  readonly #listeners = new Map<number, InputLineListener>();
  readonly #open = new Set<number>();
  readonly #broken = new Set<number>();
  #onOutput: (offset: number, high: boolean) => void = () => undefined;

  chips(): Chip[] {
    // The label of a Raspberry Pi, so that BCM numbers can be used here too.
    return [{ name: 'gpiochip0', label: 'pinctrl-bcm2835', lines: 64, base: 512 }];
  }

  /** Level of the wire at an output; undefined before it was opened. */
  level(offset: number): boolean | undefined {
    return this.#levels.get(offset);
  }

  /** Sets the level of the wire at an input. */
  set(offset: number, high: boolean): void {
    this.#levels.set(offset, high);
    this.#listeners.get(offset)?.onLevel(high);
  }

  /** Breaks the wire at an input; null mends it. */
  setFault(offset: number, why: string | null): void {
    const listener = this.#listeners.get(offset);
    listener?.onFault(why);
    if (why === null) listener?.onLevel(this.#levels.get(offset) ?? false);
  }

  /** From now on the output refuses every change. */
  break(offset: number): void {
    this.#broken.add(offset);
  }

  /** Sets the one listener that is called with every level written to an output. */
  onOutput(listener: (offset: number, high: boolean) => void): void {
    this.#onOutput = listener;
  }

  async output({ offset }: GpioLine, rest: Rest): Promise<OutputLine> {
    this.#take(offset);
    this.#drive(offset, rest.high);
    let left = rest;
    let closed = false;
    return {
      write: (high) => {
        if (closed) throw new Error('the line is closed');
        if (this.#broken.has(offset)) throw new Error(`line ${offset} does not obey`);
        this.#drive(offset, high);
      },
      leaveAt: (next) => {
        left = next;
      },
      close: () => {
        if (closed) return;
        closed = true;
        this.#drive(offset, left.high);
        this.#open.delete(offset);
      },
    };
  }

  async input({ offset }: GpioLine, _pull: unknown, listener: InputLineListener): Promise<InputLine> {
    this.#take(offset);
    this.#listeners.set(offset, listener);
    listener.onLevel(this.#levels.get(offset) ?? false);
    let closed = false;
    return {
      close: () => {
        if (closed) return;
        closed = true;
        this.#listeners.delete(offset);
        this.#open.delete(offset);
      },
    };
  }

  record(): readonly string[] {
    return [];
  }

  #drive(offset: number, high: boolean): void {
    this.#levels.set(offset, high);
    this.#onOutput(offset, high);
  }

  #take(offset: number): void {
    if (this.#open.has(offset)) throw new Error(`line ${offset} is in use`);
    this.#open.add(offset);
  }
}
