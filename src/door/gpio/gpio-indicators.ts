import type { Config } from '../../config/config.js';
import type { Clock, Timer } from '../../kit/clock.js';
import { closeEach } from '../../kit/closing.js';
import { explain } from '../../kit/errors.js';
import type { Signals } from '../door.js';
import type { Indicators } from '../indicators.js';
import type { OutputLine } from './gpio.js';

/** The lamps and the buzzer, by their keys in the configuration. */
export const INDICATOR_NAMES = ['greenLed', 'redLed', 'buzzer'] as const;
export type IndicatorName = (typeof INDICATOR_NAMES)[number];

type IndicatorConfig = Pick<Config['door'], IndicatorName>;

/** Length of a beep, and of the pause after it. */
const BEEP_MS = 500;

/** Lamps and buzzer on lines, as many of them as are wired. */
export class GpioIndicators implements Indicators {
  readonly #lines: ReadonlyMap<IndicatorName, OutputLine>;
  readonly #config: IndicatorConfig;
  readonly #clock: Clock;
  readonly #onFault: (why: string) => void;
  #beeps: Timer | undefined;

  /** @param onFault called when a beep fails: it comes from a timer, so no caller could catch it */
  constructor(
    lines: ReadonlyMap<IndicatorName, OutputLine>,
    config: IndicatorConfig,
    clock: Clock,
    onFault: (why: string) => void,
  ) {
    this.#lines = lines;
    this.#config = config;
    this.#clock = clock;
    this.#onFault = onFault;
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
    if (buzzer === 'beeps' && this.#lines.has('buzzer')) this.#beepNext(false);
    if (failed.length > 0) throw failed[0];
  }

  close(): void {
    this.#beeps?.cancel();
    closeEach([...this.#lines.values()]);
  }

  /** @param on whether the buzzer sounds in the next half of the beep */
  #beepNext(on: boolean): void {
    this.#beeps = this.#clock.after(BEEP_MS, () => {
      try {
        this.#write('buzzer', on);
      } catch (thrown) {
        this.#onFault(explain(thrown));
        return;
      }
      this.#beepNext(!on);
    });
  }

  #write(name: IndicatorName, on: boolean): void {
    this.#lines.get(name)?.write(on !== this.#config[name].activeLow);
  }
}
