import type { Gpio, GpioLine, InputLine, InputListening, OutputLine } from './gpio.js';
import type { Chip } from './gpio-chips.js';

/** Lines that nobody has soldered: levels can be looked at and set from outside. */
export class SimulatedGpio implements Gpio {
  readonly #levels = new Map<number, boolean>();
  readonly #listening = new Map<number, InputListening>();
  readonly #open = new Set<number>();

  chips(): Chip[] {
    // A Raspberry Pi's label, so that BCM numbers mean something here too.
    return [{ name: 'gpiochip0', label: 'pinctrl-bcm2835', lines: 64, base: 512 }];
  }

  /** The wire at an output; undefined before it was opened. */
  level(offset: number): boolean | undefined {
    return this.#levels.get(offset);
  }

  /** Sets the wire at an input. */
  set(offset: number, high: boolean): void {
    this.#levels.set(offset, high);
    this.#listening.get(offset)?.level(high);
  }

  /** Breaks or mends the wire at an input. */
  tell(offset: number, why: string | null): void {
    this.#listening.get(offset)?.fault(why);
  }

  async output({ offset }: GpioLine, safeHigh: boolean): Promise<OutputLine> {
    this.#take(offset);
    this.#levels.set(offset, safeHigh);
    let closed = false;
    return {
      write: (high) => {
        if (closed) throw new Error('the line is closed');
        this.#levels.set(offset, high);
      },
      close: () => {
        closed = true;
        this.#levels.set(offset, safeHigh);
        this.#open.delete(offset);
      },
    };
  }

  async input({ offset }: GpioLine, _pull: unknown, listening: InputListening): Promise<InputLine> {
    this.#take(offset);
    this.#listening.set(offset, listening);
    listening.level(this.#levels.get(offset) ?? false);
    return {
      close: () => {
        this.#listening.delete(offset);
        this.#open.delete(offset);
      },
    };
  }

  record(): readonly string[] {
    return [];
  }

  #take(offset: number): void {
    if (this.#open.has(offset)) throw new Error(`line ${offset} is in use`);
    this.#open.add(offset);
  }
}
