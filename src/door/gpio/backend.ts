import type { Config } from '../../config/config.js';
import type { Clock } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import type { Chip } from './chips.js';
import type { Gpio } from './gpio.js';

/** A back end that works on this machine, and the chips that it finds. */
export interface Backend {
  /** For the log and the status, with a version where there is one: `gpiod 2`. */
  readonly name: string;
  readonly gpio: Gpio;
  readonly chips: readonly Chip[];
}

export interface ProbeParts {
  readonly config: Config['door']['gpio'];
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** Where a back end may note what outlives this process. */
  readonly runFolder: string;
}

/** Finds out whether a back end works on this machine, and opens it. A string instead says what is missing. */
export type Probe = (parts: ProbeParts) => Promise<Backend | string>;
