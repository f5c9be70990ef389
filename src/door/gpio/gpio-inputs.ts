import type { Config } from '../../config/config.js';
import type { Clock, Timer } from '../../kit/clock.js';
import { closeEach } from '../../kit/closing.js';
import { EarlyCalls } from '../../kit/early-calls.js';
import { explain } from '../../kit/errors.js';
import { LOCAL_RETRY, pauseMs } from '../../kit/retry.js';
import { INPUT_NAMES, type InputListener, type InputName, type Inputs } from '../inputs.js';
import { Debounce } from './debounce.js';
import type { Gpio, GpioLine, InputLine } from './gpio.js';
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
  readonly #retries = new Map<InputName, Timer>();
  #closed = false;

  private constructor(gpio: Gpio, lines: ReadonlyMap<InputName, GpioLine>, config: InputConfig, clock: Clock) {
    this.#gpio = gpio;
    this.#lines = lines;
    this.#config = config;
    this.#clock = clock;
  }

  /** Opens what can be opened; a line that cannot counts as lost, and is tried again: the others are worth having without it. */
  static async open(
    gpio: Gpio,
    lines: ReadonlyMap<InputName, GpioLine>,
    config: InputConfig,
    clock: Clock,
  ): Promise<GpioInputs> {
    const inputs = new GpioInputs(gpio, lines, config, clock);
    for (const name of INPUT_NAMES) await inputs.#openOne(name);
    return inputs;
  }

  start(listener: InputListener): void {
    this.#told.listen(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const retry of this.#retries.values()) retry.cancel();
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
    const open = () =>
      this.#gpio.input(line, pullOf(name, this.#config[name], this.#gpio.setsPulls), {
        onLevel: (high) => debounce.level(high),
        onFault: (why) => {
          // What the wire says when it is back is told in any case: it may have changed unseen.
          if (why !== null) debounce.reset();
          this.#report((listener) => listener.fault(name, why));
        },
      });
    await this.#try(name, open, 0, undefined);
  }

  /** @param told why the line is lost, as was reported last; undefined: it is not known to be */
  async #try(
    name: InputName,
    open: () => Promise<InputLine>,
    attempt: number,
    told: string | undefined,
  ): Promise<void> {
    let opened: InputLine;
    try {
      opened = await open();
    } catch (thrown) {
      const why = explain(thrown);
      if (this.#closed) return;
      if (why !== told) this.#report((listener) => listener.fault(name, why));
      const again = () => void this.#try(name, open, attempt + 1, why);
      this.#retries.set(name, this.#clock.after(pauseMs(LOCAL_RETRY, attempt, 0), again));
      return;
    }
    if (this.#closed) opened.close();
    else this.#open.push(opened);
    if (told !== undefined) this.#report((listener) => listener.fault(name, null));
  }

  #report(report: (listener: InputListener) => void): void {
    if (!this.#closed) this.#told.tell(report);
  }
}
