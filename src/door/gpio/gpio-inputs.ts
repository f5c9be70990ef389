import type { Config } from '../../config/config.js';
import type { Clock, Timer } from '../../kit/clock.js';
import { closeAll, closeEach } from '../../kit/closing.js';
import { explain } from '../../kit/errors.js';
import type { Signals } from '../door.js';
import type { Indicators } from '../indicators.js';
import { INPUT_NAMES, type InputListener, type InputName, type Inputs } from '../inputs.js';
import type { Lock } from '../lock.js';
import { Debounce } from './debounce.js';
import type { Gpio, GpioLine, InputLine, OutputLine } from './gpio.js';

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

export const LAMP_NAMES = ['greenLed', 'redLed', 'buzzer'] as const;
export type LampName = (typeof LAMP_NAMES)[number];

/** A beep and the pause after it are each so long. */
const BEEP_MS = 500;

/** Lamps and buzzer, those that there are. */
export class GpioIndicators implements Indicators {
  readonly #lamps: ReadonlyMap<LampName, OutputLine>;
  readonly #config: Pick<DoorConfig, LampName>;
  readonly #clock: Clock;
  readonly #fault: (why: string) => void;
  #beeps: Timer | undefined;

  /** @param fault is told when a beep fails: there is nobody then who could catch it */
  constructor(
    lamps: ReadonlyMap<LampName, OutputLine>,
    config: Pick<DoorConfig, LampName>,
    clock: Clock,
    fault: (why: string) => void,
  ) {
    this.#lamps = lamps;
    this.#config = config;
    this.#clock = clock;
    this.#fault = fault;
  }

  show({ green, red, buzzer }: Signals): void {
    this.#beeps?.cancel();
    this.#beeps = undefined;
    const failed: unknown[] = [];
    for (const [name, on] of [
      ['greenLed', green],
      ['redLed', red],
      ['buzzer', buzzer !== 'off'],
    ] as const) {
      try {
        this.#write(name, on);
      } catch (thrown) {
        failed.push(thrown);
      }
    }
    if (buzzer === 'beeps' && this.#lamps.has('buzzer')) this.#beepOn(false);
    if (failed.length > 0) throw failed[0];
  }

  close(): void {
    this.#beeps?.cancel();
    closeEach([...this.#lamps.values()]);
  }

  /** @param on what the buzzer does next */
  #beepOn(on: boolean): void {
    this.#beeps = this.#clock.after(BEEP_MS, () => {
      try {
        this.#write('buzzer', on);
      } catch (thrown) {
        this.#fault(explain(thrown));
        return;
      }
      this.#beepOn(!on);
    });
  }

  #write(name: LampName, on: boolean): void {
    this.#lamps.get(name)?.write(on !== this.#config[name].activeLow);
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
      // What could not be opened is what there is to tell; the lines are unexported or let go as far as they can be.
      closeAll(inputs.#open);
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
    closeEach(this.#open);
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
