import type { Observation } from '../face/observation.js';
import type { Clock } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { NO_PACE, notePace } from './pace.js';

export interface PaceWatchParts {
  /** Configuration `decision.maxAgeMs`: what is older opens nothing. */
  readonly maxAgeMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Called when {@link PaceWatch.problems} has changed. */
  readonly onChange: () => void;
}

/** Says once why nobody is let in by a machine that is too slow, and once when it is over. */
export class PaceWatch {
  readonly #parts: PaceWatchParts;
  #pace = NO_PACE;

  constructor(parts: PaceWatchParts) {
    this.#parts = parts;
  }

  /** Takes note of when an observation came. */
  see({ takenMs, faces, followed }: Observation): void {
    // What was not measured says nothing of how long measuring takes.
    if (followed) return;
    const { clock, maxAgeMs, log, onChange } = this.#parts;
    const before = this.#pace;
    this.#pace = notePace(before, { nowMs: clock.monotonic(), takenMs, hasFace: faces.length > 0 }, maxAgeMs);
    const { slow } = this.#pace;
    if (slow === before.slow) return;
    if (slow) log.warn({ ...slow, maxAgeMs }, this.problems().join());
    else log.info('faces are measured in time again');
    onChange();
  }

  /** Sentences for the state; the same for as long as it lasts. */
  problems(): readonly string[] {
    const { slow } = this.#pace;
    if (!slow) return [];
    const [rate, age] = [slow.framesPerSecond.toFixed(1), Math.round(slow.ageMs)];
    return [
      `machine-too-slow: ${rate} frames a second are measured, and they are ${age} ms old when they are judged (at most ${this.#parts.maxAgeMs}, decision.maxAgeMs): nobody is let in by face; take other work off this machine, or use a smaller picture`,
    ];
  }
}
