import type { Config } from '../config/config.js';
import type { Clock } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { Debounce } from './debounce.js';
import type { Signals } from './door.js';
import type { Gpio, GpioLine, InputLine, OutputLine } from './gpio.js';
import type { Indicators } from './indicators.js';
import { INPUT_NAMES, type InputListener, type InputName, type Inputs } from './inputs.js';
import type { Lock } from './lock.js';

type DoorConfig = Config['door'];

/** Level of the relay's line for a drawn or thrown bolt; thrown is the safe one. */
export function relayHigh({ lockType, relay }: Pick<DoorConfig, 'lockType' | 'relay'>, released: boolean): boolean {
  const on = released === (lockType === 'fail-secure');
  return on !== relay.activeLow;
}

/** The relay on a line. */
export class GpioLock implements Lock {
  readonly #line: OutputLine;
  readonly #config: Pick<DoorConfig, 'lockType' | 'relay'>;

  constructor(line: OutputLine, config: Pick<DoorConfig, 'lockType' | 'relay'>) {
    this.#line = line;
    this.#config = config;
  }

  drive(released: boolean): void {
    this.#line.write(relayHigh(this.#config, released));
  }

  close(): void {
    this.#line.close();
  }
}

export type LampName = 'greenLed' | 'redLed' | 'buzzer';
export const LAMPS: Readonly<Record<LampName, keyof Signals>> = { greenLed: 'green', redLed: 'red', buzzer: 'buzzer' };

/** Lamps and buzzer, those that there are. */
export class GpioIndicators implements Indicators {
  readonly #lamps: ReadonlyMap<LampName, OutputLine>;
  readonly #config: Pick<DoorConfig, LampName>;

  constructor(lamps: ReadonlyMap<LampName, OutputLine>, config: Pick<DoorConfig, LampName>) {
    this.#lamps = lamps;
    this.#config = config;
  }

  show(signals: Signals): void {
    const failed: unknown[] = [];
    for (const [name, line] of this.#lamps) {
      try {
        line.write(signals[LAMPS[name]] !== this.#config[name].activeLow);
      } catch (thrown) {
        failed.push(thrown);
      }
    }
    if (failed.length > 0) throw failed[0];
  }

  close(): void {
    for (const line of this.#lamps.values()) line.close();
  }
}

/** Wires on lines, debounced. */
export class GpioInputs implements Inputs {
  readonly #gpio: Gpio;
  readonly #lines: ReadonlyMap<InputName, GpioLine>;
  readonly #config: Pick<DoorConfig, InputName | 'debounceMs'>;
  readonly #clock: Clock;
  readonly #open: { close(): void }[] = [];
  #listener: InputListener | undefined;
  #early: (() => void)[] = [];
  #closed = false;

  private constructor(
    gpio: Gpio,
    lines: ReadonlyMap<InputName, GpioLine>,
    config: Pick<DoorConfig, InputName | 'debounceMs'>,
    clock: Clock,
  ) {
    this.#gpio = gpio;
    this.#lines = lines;
    this.#config = config;
    this.#clock = clock;
  }

  /** @throws OperatingError when a line cannot be opened; the others are closed again then */
  static async open(
    gpio: Gpio,
    lines: ReadonlyMap<InputName, GpioLine>,
    config: Pick<DoorConfig, InputName | 'debounceMs'>,
    clock: Clock,
  ): Promise<GpioInputs> {
    const inputs = new GpioInputs(gpio, lines, config, clock);
    try {
      for (const name of INPUT_NAMES) await inputs.#openOne(name);
      return inputs;
    } catch (thrown) {
      inputs.close();
      throw thrown;
    }
  }

  start(listener: InputListener): void {
    this.#listener = listener;
    for (const tell of this.#early) tell();
    this.#early = [];
  }

  close(): void {
    this.#closed = true;
    for (const part of this.#open) part.close();
  }

  async #openOne(name: InputName): Promise<void> {
    const line = this.#lines.get(name);
    if (!line) return;
    const { activeLevel, pull } = this.#config[name];
    const debounce = new Debounce(this.#clock, this.#config.debounceMs, (high) =>
      this.#tell((listener) => listener.changed(name, high === (activeLevel === 'high'))),
    );
    this.#open.push(debounce);
    const opened: InputLine = await this.#gpio.input(line, pull, {
      level: (high) => debounce.level(high),
      fault: (why) => this.#tell((listener) => listener.fault(name, why)),
    });
    this.#open.push(opened);
  }

  /** What comes before anybody listens is kept: at most a few changes of four wires, between opening and start. */
  #tell(tell: (listener: InputListener) => void): void {
    if (this.#closed) return;
    if (this.#listener) tell(this.#listener);
    else if (this.#early.length < EARLY_MAX) this.#early.push(() => this.#listener && tell(this.#listener));
  }
}

const EARLY_MAX = 100;

/** Closes what can be closed. @returns what went wrong, for the log */
export function closeAll(parts: readonly { close(): void }[]): string[] {
  return parts.flatMap((part) => {
    try {
      part.close();
      return [];
    } catch (thrown) {
      return [explain(thrown)];
    }
  });
}
