import type { Opening } from '../config/opening.js';
import type { Clock, Timer } from '../kit/clock.js';
import { LATE_MS } from '../kit/files/late.js';
import type { Log } from '../kit/log.js';
import { pauseMs, type RetryPlan } from '../kit/retry.js';
import { endsWithin } from '../kit/within.js';
import type { EyeListeners } from './eye-status.js';
import type { EyeSupervisor } from './supervisor.js';

/** How often it is looked whether the eye can be started now; a look may read a hundred megabytes. */
const LOOK: RetryPlan = { firstMs: 10_000, factor: 2, maxMs: 300_000, jitter: 0 };

/** Starts the eye as soon as nothing stands against it: until then the gate goes on without faces, and says why. */
export class EyeStart {
  readonly #eye: Pick<EyeSupervisor, 'start' | 'stop' | 'hold'>;
  readonly #listeners: EyeListeners;
  readonly #whyBlind: () => Promise<string | undefined>;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #log: Pick<Log, 'error' | 'info'>;
  #timer: Timer | undefined;
  #looks = 0;
  #stopped = false;

  /** @param parts.whyBlind why no face can be recognised now; undefined where nothing stands against it */
  constructor(parts: {
    readonly eye: Pick<EyeSupervisor, 'start' | 'stop' | 'hold'>;
    readonly listeners: EyeListeners;
    readonly whyBlind: () => Promise<string | undefined>;
    readonly clock: Pick<Clock, 'after'>;
    readonly log: Pick<Log, 'error' | 'info'>;
  }) {
    this.#eye = parts.eye;
    this.#listeners = parts.listeners;
    this.#whyBlind = parts.whyBlind;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Resolves when the eye was started, when it is known why it is not, or when the disk lets that wait: the gate is up without. */
  async look(): Promise<void> {
    const looked = this.#whyBlind().then((why) => this.#act(why));
    if ((await endsWithin(this.#clock, LATE_MS, looked)) || this.#stopped) return;
    const why = `the networks are still being read after ${LATE_MS / 1000} seconds: check the disk that they lie on`;
    this.#log.error({ why }, 'no face can be recognised yet: the gate goes on without');
    this.#eye.hold(why, this.#listeners);
  }

  #act(why: string | undefined): void {
    if (this.#stopped) return;
    if (why === undefined) {
      if (this.#looks > 0) this.#log.info({}, 'faces can be recognised again');
      this.#eye.start(this.#listeners);
      return;
    }
    if (this.#looks === 0) this.#log.error({ why }, 'no face can be recognised: the gate goes on without');
    this.#eye.hold(why, this.#listeners);
    this.#timer = this.#clock.after(pauseMs(LOOK, this.#looks++, 0), () => void this.look());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#eye.stop();
  }
}

/** Starts the eye, now or once that is possible, and ends it with the gate. @param whyBlind as in {@link EyeStart} */
export const startEye = (
  { clock, log, endings }: Pick<Opening, 'clock' | 'log' | 'endings'>,
  eye: EyeSupervisor,
  listeners: EyeListeners,
  whyBlind: () => Promise<string | undefined>,
): Promise<EyeStart> =>
  endings.open(
    'the eye',
    async () => {
      const start = new EyeStart({ eye, listeners, whyBlind, clock, log });
      await start.look();
      return start;
    },
    (start) => start.stop(),
  );
