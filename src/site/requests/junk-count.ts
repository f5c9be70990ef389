import { type Clock, iso, type Timer, type WallMs } from '../../kit/clock.js';

/** What was counted is told together, so long after the first. */
const TOGETHER_MS = 60_000;

/** Counts refused requests that anybody may have sent: told one by one they would fill whatever keeps them. */
export class JunkCount {
  readonly #clock: Clock;
  readonly #tell: (count: number, from: string) => void;
  #count = 0;
  #from: WallMs | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock, tell: (count: number, from: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(): void {
    this.#count += 1;
    this.#from ??= this.#clock.wall();
    this.#timer ??= this.#clock.after(TOGETHER_MS, () => this.stop());
  }

  /** Tells what was counted. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#from !== undefined) this.#tell(this.#count, iso(this.#from));
    this.#count = 0;
    this.#from = undefined;
  }
}
