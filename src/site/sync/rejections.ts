import type { Clock, Timer } from '../../kit/clock.js';
import type { EventFields } from '../messages.js';

const FIRST_MS = 1_000;
/** Ten thousand bad records are one event every ten seconds, not ten thousand. */
const AGAIN_MS = 10_000;
const NAMED_MAX = 10;

interface Tally {
  count: number;
  readonly ids: string[];
  readonly why: string;
}

/** Collects records that were not taken and reports each kind of trouble once in a while. */
export class Rejections {
  readonly #clock: Clock;
  readonly #report: (fields: EventFields) => void;
  readonly #tallies = new Map<string, Tally>();
  #timer: Timer | undefined;
  #pauseMs = FIRST_MS;

  constructor(clock: Clock, report: (fields: EventFields) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** @param reason one of a handful of fixed words: the map is as large as there are. */
  add(reason: 'invalid' | 'future' | 'not-saved' | 'too-many', id: string, why: string): void {
    const tally = this.#tallies.get(reason) ?? { count: 0, ids: [], why };
    tally.count++;
    if (tally.ids.length < NAMED_MAX) tally.ids.push(id);
    this.#tallies.set(reason, tally);
    this.#timer ??= this.#clock.after(this.#pauseMs, () => this.#flush());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #flush(): void {
    this.#timer = undefined;
    this.#pauseMs = this.#tallies.size > 0 ? AGAIN_MS : FIRST_MS;
    for (const [reason, { count, ids, why }] of this.#tallies) {
      this.#report({ reason, count, people: ids, message: why.slice(0, 500) });
    }
    this.#tallies.clear();
  }
}
