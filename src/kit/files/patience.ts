import type { Clock, Timer } from '../clock.js';
import { diskHangs, LATE_MS } from './late.js';

/**
 * Waits for work on a disk for as long as the disk makes progress. Without any for {@link LATE_MS} it hangs: whoever waits is told, and
 * until it goes on whoever comes is told at once, so that nothing more piles up behind it. What was begun goes on.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #waiting = new Set<(why: Error) => void>();
  #timer: Timer | undefined;
  #hangs = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The disk has done something. An arrow function, so that it can be handed out. */
  readonly progress = (): void => {
    this.#hangs = false;
    this.#count();
  };

  /** @throws what `work` throws; OperatingError KAIMON_FILE_WRITE when the disk hangs */
  async wait<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hangs) throw diskHangs();
    let giveUp: (why: Error) => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      giveUp = reject;
    });
    this.#waiting.add(giveUp);
    if (!this.#timer) this.#count();
    try {
      // What has ended, well or not, was answered by the disk.
      return await Promise.race([work().finally(this.progress), late]);
    } finally {
      this.#waiting.delete(giveUp);
      if (this.#waiting.size === 0) this.#stop();
    }
  }

  #count(): void {
    this.#stop();
    if (this.#waiting.size === 0) return;
    this.#timer = this.#clock.after(LATE_MS, () => {
      this.#timer = undefined;
      this.#hangs = true;
      for (const giveUp of this.#waiting) giveUp(diskHangs());
    });
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
