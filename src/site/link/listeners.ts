import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import type { Unlisten } from './link.js';

/** Listeners of one kind. One that throws is logged, and the others are still called. */
export class Listeners<T> {
  readonly #log: Log;
  #all: readonly ((value: T) => void)[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(listener: (value: T) => void): Unlisten {
    this.#all = [...this.#all, listener];
    return () => {
      this.#all = this.#all.filter((other) => other !== listener);
    };
  }

  notify(value: T): void {
    for (const listener of this.#all) {
      try {
        listener(value);
      } catch (thrown) {
        this.#log.error({ err: explain(thrown) }, 'a listener of the broker link failed');
      }
    }
  }
}
