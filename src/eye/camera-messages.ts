import { pictureFaultText } from '../camera/picture-fault.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { LogBudget } from '../kit/logging/log-budget.js';
import type { FromEye } from './protocol.js';

type CameraMessage = Extract<FromEye, { kind: 'camera' }>;

/** What is wrong with the camera, in a sentence: why there is none, or what its pictures lack. */
export const whyOf = ({ why, fault }: Pick<CameraMessage, 'why' | 'fault'>): string | null =>
  fault === undefined ? (why ?? null) : pictureFaultText[fault];

/** Within a second. Opening, live and a loss are three. */
export const CAMERA_CHANGES_MAX = 10;

/** What the eye says of its camera, logged within a budget: each new state or reason is a journal entry, and a real camera changes some times a minute. */
export class CameraMessages {
  readonly #log: Log;
  readonly #budget: LogBudget;
  /** When state or reason changed, within the last second. */
  #changes: readonly MonotonicMs[] = [];

  constructor(clock: Clock, log: Log) {
    this.#log = log;
    this.#budget = new LogBudget(clock);
  }

  /** @returns whether it is news to the gate; `flood`: there were more than {@link CAMERA_CHANGES_MAX} within a second */
  note(
    message: CameraMessage,
    before: { readonly state: string; readonly why: string | null },
    now: MonotonicMs,
  ): 'same' | 'changed' | 'flood' {
    const { state, retryMs } = message;
    const why = whyOf(message);
    const leftOut = this.#budget.take();
    if (leftOut !== undefined) {
      const fields = { camera: state, why: why ?? undefined, retryMs, ...(leftOut > 0 ? { leftOut } : {}) };
      this.#log[why === null ? 'info' : 'warn'](fields, `camera: ${state}`);
    }
    if (before.state === state && before.why === why) return 'same';
    this.#changes = [...this.#changes.filter((at) => now - at < 1000), now];
    return this.#changes.length > CAMERA_CHANGES_MAX ? 'flood' : 'changed';
  }
}
