import type { Gpio as OnoffLine } from 'onoff';
import type { Clock, Timer } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { InputLine, InputLineListener } from './gpio.js';

/** Changes come by interrupt; reading in between finds what an interrupt missed. Without interrupts there is only reading. */
const REREAD_MS = 200;
const POLL_MS = 20;

/** An input of the package onoff, read again and again. */
export class PolledInput implements InputLine {
  readonly #line: OnoffLine;
  readonly #clock: Clock;
  readonly #listener: InputLineListener;
  readonly #everyMs: number;
  #closed = false;
  #timer: Timer | undefined;
  #broken = false;

  constructor(line: OnoffLine, clock: Clock, listener: InputLineListener) {
    this.#line = line;
    this.#clock = clock;
    this.#listener = listener;
    this.#everyMs = this.#listenToInterrupts() ? REREAD_MS : POLL_MS;
    this.#read();
  }

  close(): void {
    // onoff cannot unexport a line twice.
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#line.unexport();
  }

  #listenToInterrupts(): boolean {
    try {
      this.#line.watch((error, level) => {
        if (!error) this.#listener.onLevel(level === 1);
      });
      return true;
    } catch {
      // No interrupts here: reading often enough serves as well, and a line that cannot be read is reported by #read.
      try {
        this.#line.unwatchAll();
      } catch {
        // epoll complains that it never knew the line; onoff has already forgotten the listener by then.
      }
      return false;
    }
  }

  #read(): void {
    this.#timer = this.#clock.after(this.#everyMs, () => this.#read());
    try {
      const high = this.#line.readSync() === 1;
      if (this.#broken) this.#listener.onFault(null);
      this.#broken = false;
      this.#listener.onLevel(high);
    } catch (thrown) {
      if (!this.#broken) this.#listener.onFault(explain(thrown));
      this.#broken = true;
    }
  }
}
