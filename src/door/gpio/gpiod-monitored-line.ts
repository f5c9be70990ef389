import { execFile } from 'node:child_process';
import type { Clock, Timer } from '../../kit/clock.js';
import { messageOf } from '../../kit/errors.js';
import type { GpioLine, InputLine, InputLineListener, Pull } from './gpio.js';
import { type RunningTool, startTool } from './gpiod-child.js';
import { edgeLevel, getCommand, type ToolsVersion, watchCommand } from './gpiod-tools.js';

/** Pause after a failure. */
const RETRY_MS = 1000;
/**
 * A change in the milliseconds between reading and watching is found by reading again: soon after the start, then now and then. Each
 * further reading interrupts the watching, and a short press in that gap is lost, so it must be rare.
 */
const FIRST_REREAD_MS = 1000;
const REREAD_MS = 60_000;
const GET_MS = 3000;

interface Parts {
  readonly version: ToolsVersion;
  readonly line: GpioLine;
  readonly pull: Pull;
  readonly listener: InputLineListener;
  readonly clock: Clock;
}

/** An input that is read by gpioget and then watched by gpiomon, in turns: only one process can have a line. */
export class MonitoredLine implements InputLine {
  readonly #parts: Parts;
  #child: RunningTool | undefined;
  #timer: Timer | undefined;
  #closed = false;
  #broken = false;
  #rereading = false;
  #nextRereadMs = FIRST_REREAD_MS;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#read();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#child?.kill();
  }

  #read(): void {
    try {
      this.#startReading();
    } catch (thrown) {
      // Without memory for a process; other failures come to the callback.
      this.#failed(messageOf(thrown));
    }
  }

  #startReading(): void {
    const { version, line, pull, listener } = this.#parts;
    const [tool, ...args] = getCommand(version, line.chip, line.offset, pull);
    execFile(tool, args, { timeout: GET_MS, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (this.#closed) return;
      const level = stdout.trim();
      if (error || (level !== '0' && level !== '1')) {
        this.#failed(stderr.trim() || (error?.message ?? `gpioget says "${level.slice(0, 40)}"`));
        return;
      }
      if (this.#broken) listener.onFault(null);
      this.#broken = false;
      listener.onLevel(level === '1');
      this.#watch();
    });
  }

  #watch(): void {
    const { version, line, pull, listener, clock } = this.#parts;
    this.#child = startTool(watchCommand(version, line.chip, line.offset, pull), {
      onLine: (printed) => {
        const level = edgeLevel(printed);
        if (level !== undefined) listener.onLevel(level);
      },
      onEnd: (why) => {
        this.#child = undefined;
        if (this.#closed) return;
        const intended = this.#rereading;
        this.#rereading = false;
        this.#timer?.cancel();
        if (intended) this.#read();
        else this.#failed(why);
      },
    });
    this.#timer = clock.after(this.#nextRereadMs, () => {
      this.#nextRereadMs = REREAD_MS;
      this.#rereading = true;
      this.#child?.kill();
    });
  }

  #failed(why: string): void {
    if (!this.#broken) this.#parts.listener.onFault(why);
    this.#broken = true;
    this.#timer = this.#parts.clock.after(RETRY_MS, () => this.#read());
  }
}
