import type { Clock } from './clock.js';
import { type Ending, endInOrder } from './closing.js';
import { systemClock } from './system-clock.js';

/**
 * So long all parts together may take to end, and two seconds more at most: systemd kills after ten seconds (TimeoutStopSec), and a disk
 * that hangs answers never.
 */
const STOP_MS = 6_000;

/** A part was not opened because all parts are being closed. */
export class ClosingError extends Error {
  override readonly name = 'ClosingError';
}

/**
 * One stack of endings: what was opened last ends first, but what saves waits for all that was opened after the first that saves. The same
 * stack serves the stop of a daemon and a start that fails half-way, so that nothing is left running in either case.
 */
export class Endings {
  readonly #endings: Ending[] = [];
  readonly #first: Ending[] = [];
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Opens a part and notes how it ends.
   * @param what names the part where its end fails
   * @param close is told how many milliseconds it may take; what takes longer is left behind
   * @param saves it writes at its end what would be lost otherwise
   * @returns what `open` gives; if it throws, nothing is noted and the error is passed on
   * @throws ClosingError after {@link close}: nothing is opened then, and what was being opened is closed again
   */
  async open<T>(
    what: string,
    open: () => T | Promise<T>,
    close: (part: T, leftMs: number) => unknown,
    { saves = false } = {},
  ): Promise<T> {
    if (this.#closing) throw new ClosingError(`${what}: not opened, as everything is closing`);
    const part = await open();
    if (this.#closing) {
      await endInOrder([{ what, end: (leftMs) => close(part, leftMs) }], this.#clock, 0);
      throw new ClosingError(`${what}: opened while everything was closing, and closed again`);
    }
    this.#endings.unshift({ what, end: (leftMs) => close(part, leftMs), saves });
    return part;
  }

  /** Notes what is done before any part ends when everything is closed, from now on, also if a start is stopped half-way. */
  first(what: string, act: () => void): void {
    this.#first.push({ what, end: act });
  }

  /** How many parts are open. */
  get count(): number {
    return this.#endings.length;
  }

  /** Ends what was opened after the first `count` parts, the newest first; those stay open. @throws AggregateError as {@link close} */
  closeNewest(count: number): Promise<void> {
    return endInOrder(this.#endings.splice(0, this.#endings.length - count), this.#clock, STOP_MS);
  }

  /** Ends everything, the newest first; called twice it does so once. @throws AggregateError when every one was tried */
  close(): Promise<void> {
    this.#closing ??= endInOrder([...this.#first, ...this.#endings], this.#clock, STOP_MS);
    return this.#closing;
  }
}
