import type { Clock } from '../kit/clock.js';
import type { Endings } from '../kit/endings.js';
import type { Log } from '../kit/log.js';
import type { Config } from './config.js';
import type { Paths } from './paths.js';

/** What the parts of a gate are opened with: how they shall be, and where they note how they end. */
export interface Opening {
  readonly config: Config;
  readonly paths: Paths;
  readonly clock: Clock;
  readonly log: Log;
  readonly endings: Endings;
  /** What was found on the way that somebody must know of until the next start, in sentences for the state. */
  readonly warnings: string[];
}
