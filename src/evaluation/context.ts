import type { Config } from '../config/config.js';
import type { Log } from '../kit/log.js';

/** Counts what is done of long work. */
export interface Progress {
  step(): void;
  done(): void;
}

/** What an evaluation works with. How its progress is shown is up to the caller. */
export interface EvaluationContext {
  readonly config: Config;
  /** The site's own thresholds; the file may be missing. */
  readonly calibrationFile: string;
  /** Where networks lie that were added. */
  readonly networks: string;
  readonly log: Log;
  readonly startProgress: (what: string, total: number) => Progress;
  /** Gets one sentence for each file that is left out because it is no usable picture. */
  readonly onUnusable: (sentence: string) => void;
}

/** What an evaluation found: the figures for machines, and lines that say the same to people. */
export interface Findings<T> {
  readonly figures: T;
  readonly lines: readonly string[];
}
