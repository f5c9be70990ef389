import type { Chip } from './chips.js';
import type { Gpio, GpioLine, InputLine, InputListening, OutputLine } from './gpio.js';

/** Lines that nobody has soldered: levels can be looked at and set from outside. */
export class SimulatedGpio implements Gpio {
  readonly #levels = new Map<number, boolean>();
  readonly #listening = new Map<number, InputListening>();
  readonly #open = new Set<number>();
  readonly #broken = new Set<number>();
  #told: (offset: number, high: boolean) => void = () => undefined;

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

  /** From now on the output refuses every change. */
  break(offset: number): void {
    this.#broken.add(offset);
  }

  /** Who hears of each level that an output takes. */
  onOutput(listener: (offset: number, high: boolean) => void): void {
    this.#told = listener;
  }

  async output({ offset }: GpioLine, safeHigh: boolean): Promise<OutputLine> {
    this.#take(offset);
    this.#drive(offset, safeHigh);
    let closed = false;
    return {
      write: (high) => {
        if (closed) throw new Error('the line is closed');
        if (this.#broken.has(offset)) throw new Error(`line ${offset} does not obey`);
        this.#drive(offset, high);
      },
      close: () => {
        closed = true;
        this.#drive(offset, safeHigh);
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

  #drive(offset: number, high: boolean): void {
    this.#levels.set(offset, high);
    this.#told(offset, high);
  }

  #take(offset: number): void {
    if (this.#open.has(offset)) throw new Error(`line ${offset} is in use`);
    this.#open.add(offset);
  }
}
