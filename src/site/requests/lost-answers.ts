import type { Clock, Timer } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';

/** After a line about lost answers the next ones are counted for this long, and said together. */
const TOGETHER_MS = 10_000;
/** Ids that one line names. */
const NAMED_MAX = 10;

/** Says in the log which answers were not sent. Each is counted in some line, however many there are: no budget swallows it. */
export class LostAnswers {
  readonly #clock: Clock;
  readonly #log: Log;
  #count = 0;
  #ids: (string | null)[] = [];
  #why = '';
  #timer: Timer | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  add(id: string | null, why: string): void {
    this.#count += 1;
    if (this.#ids.length < NAMED_MAX) this.#ids.push(id);
    this.#why = why;
    if (this.#timer === undefined) this.#say();
  }

  /** Says what was counted. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#count > 0) this.#write();
  }

  #say(): void {
    this.#write();
    this.#timer = this.#clock.after(TOGETHER_MS, () => {
      this.#timer = undefined;
      if (this.#count > 0) this.#say();
    });
  }

  #write(): void {
    const fields = { count: this.#count, ids: this.#ids, why: this.#why };
    this.#log.warn(fields, 'answers were not sent: who asked does not learn what became of it');
    this.#count = 0;
    this.#ids = [];
  }
}
