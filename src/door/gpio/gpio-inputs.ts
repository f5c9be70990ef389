import type { Config } from '../../config/config.js';
import type { Clock } from '../../kit/clock.js';
import { closeAll, closeEach } from '../../kit/closing.js';
import { EarlyCalls } from '../../kit/early-calls.js';
import { INPUT_NAMES, type InputListener, type InputName, type Inputs } from '../inputs.js';
import { Debounce } from './debounce.js';
import type { Gpio, GpioLine } from './gpio.js';
import { pullOf } from './safe-pull.js';

type InputConfig = Pick<Config['door'], InputName | 'debounceMs'>;

/** Four wires change a few times at most between opening and start; a bound keeps a fault from filling the memory. */
const EARLY_MAX = 100;

/** Contact, exit button, tamper contact and fire alarm on lines, debounced. */
export class GpioInputs implements Inputs {
  readonly #gpio: Gpio;
  readonly #lines: ReadonlyMap<InputName, GpioLine>;
  readonly #config: InputConfig;
  readonly #clock: Clock;
  readonly #open: { close(): void }[] = [];
  /** What comes before `start`, so that the first levels are not lost. */
  readonly #told = new EarlyCalls<InputListener>(EARLY_MAX);
  #closed = false;

  private constructor(gpio: Gpio, lines: ReadonlyMap<InputName, GpioLine>, config: InputConfig, clock: Clock) {
    this.#gpio = gpio;
    this.#lines = lines;
    this.#config = config;
    this.#clock = clock;
  }

  /** @throws OperatingError when a line cannot be opened; those already open are closed again */
  static async open(
    gpio: Gpio,
    lines: ReadonlyMap<InputName, GpioLine>,
    config: InputConfig,
    clock: Clock,
  ): Promise<GpioInputs> {
    const inputs = new GpioInputs(gpio, lines, config, clock);
    try {
      for (const name of INPUT_NAMES) await inputs.#openOne(name);
      return inputs;
    } catch (thrown) {
      // The failure to open is what matters; failures to close the others would only hide it.
      closeAll(inputs.#open);
      throw thrown;
    }
  }

  start(listener: InputListener): void {
    this.#told.listen(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeEach(this.#open);
  }

  async #openOne(name: InputName): Promise<void> {
    const line = this.#lines.get(name);
    if (!line) return;
    const { activeLevel } = this.#config[name];
    const debounce = new Debounce(this.#clock, this.#config.debounceMs, (high) =>
      this.#report((listener) => listener.changed(name, high === (activeLevel === 'high'))),
    );
    this.#open.push(debounce);
    const opened = await this.#gpio.input(line, pullOf(name, this.#config[name], this.#gpio.setsPulls), {
      onLevel: (high) => debounce.level(high),
      onFault: (why) => {
        // What the wire says when it is back is told in any case: it may have changed unseen.
        if (why !== null) debounce.reset();
        this.#report((listener) => listener.fault(name, why));
      },
    });
    this.#open.push(opened);
  }

  #report(report: (listener: InputListener) => void): void {
    if (!this.#closed) this.#told.tell(report);
  }
}
