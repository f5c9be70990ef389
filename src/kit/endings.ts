import { type Ending, endInOrder } from './closing.js';

/** A part was not opened because all parts are being closed. */
export class ClosingError extends Error {
  override readonly name = 'ClosingError';
}

/**
 * One stack of endings: what was opened last ends first. The same stack serves the stop of a daemon and a start that fails half-way, so
 * that nothing is left running in either case.
 */
export class Endings {
  readonly #endings: Ending[] = [];
  #closing: Promise<void> | undefined;

  /**
   * Opens a part and notes how it ends.
   * @param what names the part where its end fails
   * @returns what `open` gives; if it throws, nothing is noted and the error is passed on
   * @throws ClosingError after {@link close}: nothing is opened then, and what was being opened is closed again
   */
  async open<T>(what: string, open: () => T | Promise<T>, close: (part: T) => unknown): Promise<T> {
    if (this.#closing) throw new ClosingError(`${what}: not opened, as everything is closing`);
    const part = await open();
    if (this.#closing) {
      await close(part);
      throw new ClosingError(`${what}: opened while everything was closing, and closed again`);
    }
    this.#endings.unshift([what, () => close(part)]);
    return part;
  }

  /** How many parts are open. */
  get count(): number {
    return this.#endings.length;
  }

  /** Ends what was opened after the first `count` parts, the newest first; those stay open. @throws AggregateError as {@link close} */
  closeNewest(count: number): Promise<void> {
    return endInOrder(this.#endings.splice(0, this.#endings.length - count));
  }

  /** Ends everything, the newest first; called twice it does so once. @throws AggregateError when every one was tried */
  close(): Promise<void> {
    this.#closing ??= endInOrder([...this.#endings]);
    return this.#closing;
  }
}
