import type { Clock, Timer } from '../../kit/clock.js';

const WINDOW_MS = 10 * 60_000;
/** How often the same record of an id is sent within that time on one connection. */
const SENDS_MAX = 2;

/**
 * Keeps two gates that cannot agree (one of them has a wrong clock, or is of a version that orders records otherwise) from answering
 * each other's record for ever: what was sent twice waits until the time is over. At most one entry for each record of this gate.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #again: (id: string) => void;
  readonly #sent = new Map<string, { readonly stamp: string; readonly count: number }>();
  readonly #waiting = new Set<string>();
  #timer: Timer | undefined;

  /** @param again is called for what waited, once it may be sent again */
  constructor(clock: Clock, again: (id: string) => void) {
    this.#clock = clock;
    this.#again = again;
  }

  /** Counts a send; false: it must wait. */
  allows(id: string, stamp: string): boolean {
    const sent = this.#sent.get(id);
    const count = sent?.stamp === stamp ? sent.count : 0;
    if (count >= SENDS_MAX) {
      this.#waiting.add(id);
      return false;
    }
    this.#sent.set(id, { stamp, count: count + 1 });
    this.#timer ??= this.#clock.after(WINDOW_MS, () => this.#over());
    return true;
  }

  /** It was not sent after all. */
  failed(id: string): void {
    this.#sent.delete(id);
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sent.clear();
    this.#waiting.clear();
  }

  #over(): void {
    const waiting = [...this.#waiting];
    this.clear();
    for (const id of waiting) this.#again(id);
  }
}
