import { type ChildProcess, spawnSync } from 'node:child_process';
import type { GpioLine, OutputLine } from './gpio.js';
import { startTool } from './gpiod-child.js';
import { holdCommand, setCommand, type ToolsVersion } from './gpiod-tools.js';

/**
 * At the end the child that was just killed may still hold the line, so setting the safe level is tried for this long. Four lines whose
 * tools all hang must fit into the time that systemd gives the service to stop (TimeoutStopSec), after which safe-state.sh runs.
 */
const CLOSE_MS = 1500;
const CLOSE_TRY_MS = 25;

/**
 * A line held at its level by a gpioset. A new level needs a new gpioset; for the few milliseconds between the two nothing drives the
 * line, and the board's resistor decides its level.
 */
export class HeldLine implements OutputLine {
  readonly #version: ToolsVersion;
  readonly #line: GpioLine;
  readonly #safeHigh: boolean;
  readonly #onFault: (why: string) => void;
  #wanted: boolean;
  #holds: boolean;
  #child: ChildProcess | undefined;
  #changing = false;
  #closed = false;
  #lost: string | undefined;

  constructor(version: ToolsVersion, line: GpioLine, safeHigh: boolean, onFault: (why: string) => void) {
    this.#version = version;
    this.#line = line;
    this.#safeHigh = safeHigh;
    this.#onFault = onFault;
    this.#wanted = safeHigh;
    this.#holds = safeHigh;
    this.#hold();
  }

  /** Why no gpioset holds the line now; undefined while one does. */
  get lost(): string | undefined {
    return this.#lost;
  }

  write(high: boolean): void {
    if (this.#closed) throw new Error(`the line ${this.#line.offset} of "${this.#line.label}" is closed`);
    this.#wanted = high;
    if (!this.#child) this.#hold();
    else if (high !== this.#holds && !this.#changing) {
      this.#changing = true;
      this.#child.kill('SIGKILL');
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#child?.kill('SIGKILL');
    const { chip, offset } = this.#line;
    const [tool, ...args] = setCommand(this.#version, chip, offset, this.#safeHigh);
    let complaint = '';
    // Synchronous: the process may end right after this.
    const endMs = performance.now() + CLOSE_MS;
    for (let leftMs = CLOSE_MS; leftMs > 0; leftMs = endMs - performance.now()) {
      const { status, stderr, error } = spawnSync(tool, args, {
        timeout: Math.ceil(leftMs),
        killSignal: 'SIGKILL',
        encoding: 'utf8',
      });
      if (status === 0) return;
      complaint = error?.message ?? stderr.trim();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, CLOSE_TRY_MS);
    }
    throw new Error(`${[tool, ...args].join(' ')}: ${complaint}`);
  }

  #hold(): void {
    const { chip, offset } = this.#line;
    this.#holds = this.#wanted;
    this.#lost = undefined;
    this.#child = startTool(holdCommand(this.#version, chip, offset, this.#holds), {
      onEnd: (why) => this.#ended(why),
    });
  }

  #ended(why: string): void {
    this.#child = undefined;
    if (this.#closed) return;
    const replaced = this.#changing;
    this.#changing = false;
    if (replaced) this.#hold();
    else {
      this.#lost = why;
      this.#onFault(why);
    }
  }
}
